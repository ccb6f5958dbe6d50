// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Foundation

/// Ctrl-C and SIGTERM: the run starts nothing more, finishes what is in flight and records it.
enum Interrupt {
  static func cancelling<Value: Sendable, Problem: Error>(
    _ body: @escaping @Sendable () async throws(Problem) -> Value
  ) async throws(Problem) -> Value {
    let task = Task { () -> Result<Value, Problem> in
      do throws(Problem) { return .success(try await body()) } catch { return .failure(error) }
    }
    let sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number)
      source.setEventHandler {
        Terminal.note("\nStopping: nothing more is started; what is in flight is finished and recorded.")
        task.cancel()
      }
      source.resume()
      return source
    }
    let result = await task.value
    sources.forEach { $0.cancel() }
    [SIGINT, SIGTERM].forEach { _ = signal($0, SIG_DFL) }
    return try result.get()
  }
}

// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Foundation
import Synchronization

/// Ctrl-C and SIGTERM. The first: the run starts nothing more, finishes what is in flight and records it. The second:
/// the program ends at once.
enum Interrupt {
  /// - Parameters:
  ///   - first: says that the run stops.
  ///   - second: says what is left unknown, and puts the terminal right; then the program ends.
  static func cancelling<Value: Sendable, Problem: Error>(
    first: @escaping @Sendable () -> Void, second: @escaping @Sendable () -> Void,
    _ body: @escaping @Sendable () async throws(Problem) -> Value
  ) async throws(Problem) -> Value {
    let task = Task { () -> Result<Value, Problem> in
      do throws(Problem) { return .success(try await body()) } catch { return .failure(error) }
    }
    let count = Count()
    // One queue for both signals: they are counted one after the other.
    let queue = DispatchQueue(label: "signals")
    let sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler {
        guard count.next() == 1 else {
          second()
          exit(ExitStatus.partial.rawValue)
        }
        first()
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

  private final class Count: Sendable {
    private let value = Mutex(0)

    func next() -> Int {
      value.withLock { value in
        value += 1
        return value
      }
    }
  }
}

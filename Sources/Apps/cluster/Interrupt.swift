// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Foundation
import Synchronization

/// Ctrl-C and SIGTERM, once the body has armed it; until then either ends the program at once. The first: the run
/// starts nothing more, finishes what is in flight and records it. The second: the program ends.
enum Interrupt {
  /// - Parameters:
  ///   - first: says that the run stops.
  ///   - second: says what is left unknown, and puts the terminal right; then the program ends.
  static func cancelling<Value: Sendable, Problem: Error>(
    first: @escaping @Sendable () -> Void, second: @escaping @Sendable () -> Void,
    _ body: @escaping @Sendable (_ arm: @escaping @Sendable () async -> Void) async throws(Problem) -> Value
  ) async throws(Problem) -> Value {
    let (signals, continuation) = AsyncStream.makeStream(of: Void.self)
    let sources = Sources()
    let task = Task { () -> Result<Value, Problem> in
      do throws(Problem) {
        return .success(
          try await body {
            await sources.arm {
              first()
              continuation.yield()
            } second: {
              second()
              exit(ExitStatus.partial.rawValue)
            }
          })
      } catch { return .failure(error) }
    }
    let watching = Task { for await _ in signals { task.cancel() } }
    let result = await task.value
    watching.cancel()
    await sources.disarm()
    return try result.get()
  }

  /// The effect of the two signals, from when it is armed until it is disarmed.
  private actor Sources {
    private var all: [any DispatchSourceSignal] = []

    func arm(first: @escaping @Sendable () -> Void, second: @escaping @Sendable () -> Void) {
      let count = Count()
      // One queue for both signals: they are counted one after the other.
      let queue = DispatchQueue(label: "signals")
      all = [SIGINT, SIGTERM].map { number in
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
        source.setEventHandler { count.next() == 1 ? first() : second() }
        source.resume()
        return source
      }
    }

    func disarm() {
      all.forEach { $0.cancel() }
      all = []
      [SIGINT, SIGTERM].forEach { _ = signal($0, SIG_DFL) }
    }
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

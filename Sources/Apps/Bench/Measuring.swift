// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Medians, and one line for each figure.
enum Measuring {
  static let repetitions = 5

  /// The median time of `work`, which is done once before, so that nothing is measured cold.
  static func median<Value>(_ work: () async throws -> Value) async rethrows -> (Value, Duration) {
    var value = try await work()
    var times: [Duration] = []
    for _ in 0..<repetitions {
      let clock = ContinuousClock()
      let began = clock.now
      value = try await work()
      times.append(began.duration(to: clock.now))
    }
    return (value, median(times))
  }

  static func median(_ times: [Duration]) -> Duration { times.sorted()[times.count / 2] }

  /// Processor time that this process has used so far, by itself and in the kernel: clock_gettime(2).
  static var processorTime: Duration {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }

  /// The most memory that this process has had so far, in bytes: getrusage(2), `ru_maxrss`.
  static var peakMemory: Int {
    var usage = rusage()
    return getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 ? usage.ru_maxrss * 1024 : 0
  }

  static func expecting<Value>(_ what: String, _ value: Value, _ holds: (Value) -> Bool) throws -> Value {
    guard holds(value) else { throw Unexpected(what: "expected \(what)") }
    return value
  }

  /// A figure beside what it has to reach.
  static func bar(_ what: String, _ figure: String, reach: String, met: Bool) {
    print("\(met ? "met   " : "MISSED")  \(what.padded(to: 58)) \(figure.leading(10))   reach \(reach)")
  }

  static func rounded(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
  static func milliseconds(_ time: Duration) -> String { "\(rounded(time / .milliseconds(1))) ms" }
}

/// A stage did not give what it should: the figures would mean nothing.
struct Unexpected: Error, CustomStringConvertible {
  var what: String
  var description: String { what }
}

extension String {
  func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
  func leading(_ width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}

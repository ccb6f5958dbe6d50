// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Prints what things cost, beside what they may cost. `make bench` runs all of it; a word chooses one part:
///
///     bench plan                    description to plan: time and memory; terraform beside it where it is installed
///     bench agent PROGRAM [WORD…]   a conversation with an agent, which PROGRAM reaches: cluster-agent itself, or ssh
///     bench boots                   ten thousand nodes that boot in one run, on machines in memory
///     bench record                  the record of runs: a commit, `cluster log`, size after gc
///     bench journal                 what a run keeps before it begins
///     bench compare                 two descriptions beside each other, without hosts
///     bench sets                    live files of package sets for ten thousand nodes
@main
struct Bench {
  static func main() async {
    let words = Array(CommandLine.arguments.dropFirst())
    do {
      switch words.first {
      case "plan" where words.count == 1: try await PlanBench.run()
      case "agent" where words.count > 1: try await AgentBench.run(words[1], Array(words.dropFirst(2)))
      case "boots" where words.count == 1: try BootBench.run()
      case "record" where words.count == 1: try await RecordBench.run()
      case "journal" where words.count == 1: try await JournalBench.run()
      case "compare" where words.count == 1: try await ComparisonBench.run()
      case "sets" where words.count == 1: try await SetsBench.run()
      default:
        throw Unexpected(what: "usage: bench plan | agent PROGRAM [WORD…] | boots | record | journal | compare | sets")
      }
    } catch {
      print("bench: \(error)")
      exit(1)
    }
  }
}

/// Every figure at once, also into a pipe: measuring takes long, and what comes later may fail.
func print(_ line: String) {
  Swift.print(line)
  fflush(nil)
}

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

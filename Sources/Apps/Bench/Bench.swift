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
      default: throw Unexpected(what: "usage: bench plan | agent PROGRAM [WORD…] | boots | record | journal | compare")
      }
    } catch {
      print("bench: \(error)")
      exit(1)
    }
  }
}

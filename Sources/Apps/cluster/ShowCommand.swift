// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Auditing
import ClusterModel
import Foundation

struct ShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show one run: who started it, the plan, the result of each step, and what changed on the machines.")

  @OptionGroup var record: RecordOptions

  @Argument(help: "A run's name or the beginning of it, a commit, `last`, or `last~2`.")
  var run = "last"

  func run() async throws {
    try await Failure.telling {
      let repository = try record.repository()
      let shown = try ShownRun(try repository.find(run, site: try record.site()), in: repository)
      try record.print(shown) { shown.text }
    }
  }
}

/// A run with everything that is recorded about it.
struct ShownRun: Encodable {
  var run: RunRecord
  var outcome: RunOutcome
  /// As it was shown before it was carried out.
  var plan: String
  /// Differences from what the run before observed. Nil for the first run.
  var machines: [RecordDifference.File]?

  init(_ run: RunRecord, in repository: AuditRepository) throws(AuditError) {
    self.run = run
    outcome = try repository.outcome(of: run)
    plan = try repository.text("plan.txt", in: run)
    guard let before = try repository.before(run) else { return }
    machines = try repository.difference(from: before, to: run).files.filter { $0.path.hasPrefix("observed/") }
  }

  var text: String {
    let seconds = Terminal.elapsed(Double(outcome.finishedAt - outcome.startedAt))
    var lines = [
      "run \(run.id)  \(run.result)", "  \(run.subject)", "  by      \(run.by)",
      "  ended   \(run.time), after \(seconds)",
      "  spec    \(run.spec)", "  commit  \(run.commit)", "  site    \(run.site)", "", "Steps:",
    ]
    var table = Table()
    for step in outcome.steps {
      table.add(step.word, Terminal.elapsed(step.seconds), step.step.text, step.detail)
    }
    lines += outcome.steps.isEmpty ? ["  none"] : table.lines()
    lines += ["", "Plan:"] + plan.split(separator: "\n", omittingEmptySubsequences: false).map { "  " + $0 }
    while lines.last?.allSatisfy({ $0 == " " }) == true { lines.removeLast() }
    lines += ["", "On the machines, compared with the run before:"]
    if machines == nil { lines.append("  this is the first run") }
    if machines?.isEmpty == true { lines.append("  nothing changed") }
    for file in machines ?? [] { lines += ["  " + file.path] + file.lines.map { "    " + $0 } }
    return lines.map(\.trimmedEnd).joined(separator: "\n")
  }
}

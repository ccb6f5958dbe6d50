// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Execution
import Foundation
import Reconciler
import SpecForms
import Wings

struct TestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test", abstract: "Run the checks of the package sets that are on, on the cluster itself.",
    discussion: """
      A check is a file `packages/SET/tests/CHECK.yaml`. The active head runs those of nodes, each head its own. What \
      needs a check that did not pass is skipped. The results are recorded like a run of `cluster apply`.

      \(ExitStatus.table)
      """)

  @Argument(help: ArgumentHelp("Sets, or single checks. Default: all.", valueName: "set/check"))
  var names: [String] = []

  @OptionGroup var testing: TestOptions

  func validate() throws { try testing.check() }
  func run() async throws { try await testing.run(names) }
}

struct PackageTestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test", abstract: "Run the checks of one set on the cluster: `cluster test NAME`.")

  @Argument(help: "The name of the set.")
  var name: String

  @OptionGroup var testing: TestOptions

  func validate() throws { try testing.check() }
  func run() async throws { try await testing.run([name]) }
}

/// Options of those who run checks.
struct TestOptions: ParsableArguments {
  @Option(name: .customLong("on"), help: MachinesArgument.help)
  var machines: String?

  @Option(help: "Only checks of this kind, and those that they need.")
  var kind: SetCheck.Kind?

  @Option(help: ArgumentHelp("Write the results to this file as JUnit's XML.", valueName: "file"), completion: .file())
  var junit: String?

  @OptionGroup var options: SiteOptions
  @OptionGroup var printing: OutputOptions
  @OptionGroup var running: RunOptions
  @OptionGroup var simulation: SimulationOptions
  @OptionGroup var pacing: PaceOptions

  func check() throws {
    if let machines { _ = try MachinesArgument.names(machines) }
    try simulation.check(options)
    try pacing.check(options)
  }

  func run(_ names: [String]) async throws {
    let selection = CheckSelection(names, kind: kind, on: try machines.map(MachinesArgument.names))
    let (run, report) = try await Failure.telling { try await results(selection) }
    if let junit {
      do { try Data(report.junit.utf8).write(to: URL(fileURLWithPath: junit), options: .atomic) } catch {
        throw Failure("\(junit) cannot be written: \(error.localizedDescription)", next: "Name another file.").told()
      }
    }
    switch printing.output {
    case .json: try options.print(json: PrintedChecks(run: run, passed: report.hasPassed, checks: report.rows))
    case .text: options.print(CheckText.table(report))
    }
    if !report.hasPassed { throw ExitStatus.checks.code }
  }

  /// Nobody is asked: a check only looks, and whoever orders one wants to know.
  private func results(_ selection: CheckSelection) async throws -> (run: String, report: CheckReport) {
    try await options.reaching(simulation, changes: true, pace: pacing.pace) { reconciler in
      var random = SystemRandomNumberGenerator()
      let run = RunName.make(now: reconciler.now(), using: &random)
      let errand = CheckErrand(selection, token: run)
      let request = RunRequest(run: run, errand: errand, policy: running.policy)
      let convergence = try await ConfirmedRun(options: options, running: running, yes: true).follow(
        request, reconciler)
      if case .applied(let applied) = convergence { Self.tell(applied, run) }
      let sight = try await reconciler.look(errand.questions)
      do throws(ErrandRefusal) { return (run, try errand.report(sight)) } catch {
        throw Failure("\(error.what): \(error.why)", next: error.next)
      }
    }
  }

  private static func tell(_ applied: Applied, _ run: String) {
    if let omission = applied.recorded?.unsignedBecause {
      Terminal.note("warning: the record is not signed: \(omission)")
    }
    for line in CopiesText.lines(applied.copies) { Terminal.note(line) }
    if let error = applied.endedBy { Terminal.note("ended early: \(error)\n  next: \(error.next)") }
    let recorded = applied.recorded.map { "commit \($0.commit.prefix(12)) on cluster/history" } ?? "not recorded"
    Terminal.note("Run \(run), \(recorded).")
  }
}

private struct PrintedChecks: Encodable {
  var run: String
  var passed: Bool
  var checks: [CheckReport.Row]
}

/// The table of results.
enum CheckText {
  /// Lines of output that are shown of one that failed.
  private static let mostLines = 8
  /// Results that are told with all that is known of them.
  private static let mostTold = 20

  static func table(_ report: CheckReport) -> String {
    let folded = report.folded
    var table = Table()
    for line in folded {
      let status = line.first.status
      table.add(
        status == .failed || status == .unknown ? status.rawValue.uppercased() : status.rawValue, line.first.check,
        line.places, status == .skipped ? line.detail : seconds(line.seconds))
    }
    var text = table.lines()
    var unknown: Set<String> = []
    // Many checks are unknown for one reason.
    let bad = folded.filter { line in
      line.first.status == .failed || line.first.status == .unknown && unknown.insert(line.detail).inserted
    }
    text += bad.prefix(mostTold).flatMap(told)
    if bad.count > mostTold { text += ["", "and \(bad.count - mostTold) more: `--output json` has them all"] }
    if !report.idle.isEmpty { text += ["", "There is no machine for: \(report.idle.joined(separator: ", "))"] }
    return (["Checks"] + text + ["", report.summary]).joined(separator: "\n")
  }

  private static func told(_ line: CheckReport.Lines) -> [String] {
    let row = line.first
    let said = row.output.split(separator: "\n", omittingEmptySubsequences: true)
    let more = said.count > mostLines ? ["  | … and \(said.count - mostLines) lines more"] : []
    return ["", "\(row.check) on \(line.places): \(line.detail)", "  \(row.summary)"]
      + said.prefix(mostLines).map { "  | \($0)" } + more + (row.remediation.map { ["  next: \($0)"] } ?? [])
  }

  private static func seconds(_ seconds: Double) -> String {
    let tenths = Int((seconds * 10).rounded())
    return "\(tenths / 10).\(tenths % 10) s"
  }
}

extension SetCheck.Kind: ExpressibleByArgument {}

// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Execution
import Foundation
import Reconciler
import Simulation

/// Trying a description on machines in memory: without root, SSH, a lab or a git repository.
struct SimulationOptions: ParsableArguments {
  @Flag(help: "Speak to machines in memory that have just come out of their boxes, not to real ones.")
  var simulate = false

  @Option(
    help: ArgumentHelp(
      "With --simulate: first carry out this description, so that the change from it is what is tried.",
      valueName: "file"),
    completion: .file(extensions: ["yaml", "yml"]))
  var after: String?

  static let note = "simulated: these are machines in memory, and nothing real is asked or changed"

  func validate() throws {
    if after != nil, !simulate { throw ValidationError("--after goes with --simulate.") }
  }

  /// The plan, and what it was made from.
  func plan(_ options: SiteOptions) throws -> Proposal {
    let (rehearsal, specification, cluster) = try begin(options)
    return try rehearsal.plan(specification, cluster)
  }

  /// A whole run, told line by line with its virtual time.
  func apply(_ options: SiteOptions) throws -> Applied? {
    let (rehearsal, specification, cluster) = try begin(options)
    let verdict = try rehearsal.apply(specification, cluster) { Self.tell($0, $1) }
    switch verdict {
    case .clean: return nil
    case .applied(let applied): return applied
    case .blocked(let proposal):
      Terminal.note(PlanCommand.text(proposal.plan, colour: Terminal.errorColour))
      throw Failure("nothing can be done now", next: "See what is blocked, above.", status: .partial)
    case .refused(let error): throw error
    }
  }

  private func begin(_ options: SiteOptions) throws -> (Rehearsal, Specification, Cluster) {
    let specification = try options.specification()
    guard let cluster = specification.cluster else { throw ExitCode.failure }
    guard let after else { return (Rehearsal(cluster), specification, cluster) }
    var earlier = options
    earlier.file = after
    let first = try earlier.specification()
    guard let before = first.cluster else { throw ExitCode.failure }
    let rehearsal = Rehearsal(before)
    guard case .applied(let applied) = try rehearsal.apply(first, before, told: { _, _ in }), applied.isConverged else {
      throw Failure("\(after) does not come to an end by itself", next: "Try it alone: --simulate --file \(after).")
    }
    return (rehearsal, specification, cluster)
  }

  private static func tell(_ time: Duration, _ event: RunEvent) {
    let seconds = String(format: "%8.1f s  ", time / .seconds(1))
    switch event {
    case .began(let token, let steps): Terminal.note("\(seconds)run \(token.run), \(steps) steps")
    case .finished(let report): Terminal.note("\(seconds)\(report.word)  \(report.step)  \(report.detail)")
    case .blocked(let report): Terminal.note("\(seconds)blocked  \(report.step)  \(report.detail)")
    default: break
    }
  }
}

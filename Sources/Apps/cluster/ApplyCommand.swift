// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Execution
import Foundation
import Reconciler

struct ApplyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply", abstract: "Bring the machines to the state that cluster.yaml describes, and record the run.",
    discussion: """
      A host undoes a change of its addresses, sshd or firewall by itself unless the change is confirmed over a new \
      connection.

      \(ExitStatus.table)
      """)

  @OptionGroup var options: SiteOptions

  @Flag(help: "Do not ask for confirmation. Required without a terminal.")
  var yes = false

  @OptionGroup var running: RunOptions
  @OptionGroup var simulation: SimulationOptions
  @OptionGroup var pacing: PaceOptions
  @OptionGroup var limits: TermsOptions

  @Argument(
    help: "A plan saved by `cluster plan --out FILE`. Exactly this plan is carried out, or nothing.",
    completion: .file())
  var saved: String?

  func validate() throws {
    try simulation.check(options)
    try pacing.check(options)
    if saved != nil, limits.isGiven {
      throw ValidationError("A saved plan has its own --target, --exclude and --max-disruption.")
    }
  }

  func run() async throws {
    try await Failure.telling {
      options.noteSimulated()
      defer { options.noteSimulated() }
      do { try await options.reaching(simulation, changes: true, pace: pacing.pace, apply) } catch let failure
        as Failure
      {
        throw failure.told()
      }
    }
  }

  private func apply(_ reconciler: Reconciler) async throws {
    try running.check(reconciler.cluster)
    let heads = reconciler.cluster.heads.count
    Terminal.note("Looking at \(heads) head\(heads == 1 ? "" : "s")\(options.simulate ? " in memory" : "") …")
    var random = SystemRandomNumberGenerator()
    let request = RunRequest(
      run: RunName.make(now: reconciler.now(), using: &random), terms: limits.terms,
      saved: try saved.map(SavedPlanFile.read), policy: running.policy)
    let log = try running.jsonInto.map { try EventLog(path: $0, simulated: options.simulate) }
    let report = ApplyReport(
      isLive: running.progress.map { $0 == .live } ?? Terminal.canRedraw, simulated: options.simulate, log: log)
    defer { report.close() }
    let convergence = try await Interrupt.cancelling(
      first: { report.note("\nStopping: no further step begins; steps in progress are finished and recorded.") },
      second: { Self.tellUnknown(report.close(), run: request.run) }
    ) { [yes] arm async throws(ReconcileError) in
      try await reconciler.converge(
        request,
        consent: { proposal async throws(ReconcileError) in
          try await report.show(proposal, of: reconciler)
          let isHarmless = proposal.plan.isClean || reconciler.site.isSimulated
          guard yes || isHarmless || Self.confirm() else { return false }
          try await report.begin(proposal, of: reconciler)
          await arm()
          return true
        },
        events: { report.tell($0) })
    }
    report.close()
    try await tell(convergence, of: reconciler, run: request.run, report)
  }

  /// The program ends now, whatever is in flight: the machines go on with that.
  private static func tellUnknown(_ inFlight: [StepID], run: String) {
    let left =
      inFlight.isEmpty
      ? "no step was in progress"
      : "these steps are in progress on their machines, and their result is unknown:\n  "
        + inFlight.map(\.text).joined(separator: "\n  ")
    Terminal.note(
      "Ended at once. Run \(run): \(left)\nIts record is not written. "
        + "`cluster apply` looks at the present state, reports this run as interrupted, and continues.")
  }

  /// Nothing happens to a real machine without a yes: typed, or given with --yes.
  private static func confirm() -> Bool {
    guard Terminal.isInteractive else { return false }
    Terminal.noteWithoutNewline("\nApply this? Type `yes` to continue: ")
    return readLine() == "yes"
  }

  private func tell(
    _ convergence: Convergence, of reconciler: Reconciler, run: String, _ report: ApplyReport
  ) async throws {
    switch convergence {
    case .nothingToDo(let proposal, let copies):
      for line in CopiesText.lines(copies) { Terminal.note(line) }
      Terminal.print(PlanCommand.text(try await reconciler.review(proposal), colour: false))
    case .blocked(let proposal):
      Terminal.note(PlanCommand.text(try await reconciler.review(proposal), colour: Terminal.errorColour))
      throw Failure("nothing can be done now", next: "The plan above says what is blocked, and why.", status: .partial)
    case .declined:
      guard Terminal.isInteractive else {
        throw Failure(
          "there is no terminal to ask on", next: "Read the plan above, then run `cluster apply --yes`.",
          status: .refused)
      }
      throw Failure("not confirmed; nothing was changed", next: "Apply again when you are ready.", status: .refused)
    case .applied(let applied): try tell(applied, run: run, after: report.elapsed)
    }
  }

  private func tell(_ applied: Applied, run: String, after time: Duration) throws {
    let changed = applied.outcome.steps.count { if case .done(let done) = $0.result { done.changed } else { false } }
    let recorded = applied.recorded.map { "commit \($0.commit.prefix(12)) on cluster/history" } ?? "not recorded"
    if let omission = applied.recorded?.unsignedBecause {
      Terminal.note("warning: the record is not signed: \(omission)")
    }
    if let trouble = applied.recorded?.unpackedBecause { Terminal.note("warning: \(trouble)") }
    for line in CopiesText.lines(applied.copies) { Terminal.note(line) }
    if applied.isConverged {
      let what =
        applied.isWhole
        ? "everything is as described" : "as described, within \(applied.verified.terms.scope.text)"
      Terminal.print(
        "\(options.simulate ? "Simulated" : "Applied"): \(changed) changes in \(Terminal.elapsed(time / .seconds(1))); looked again, \(what). Run \(run), \(recorded)."
      )
      return
    }
    for step in applied.outcome.steps where !step.succeeded {
      guard let next = step.next else { continue }
      Terminal.note("\(step.word): \(step.step)\n  \(step.detail)\n  next: \(next)")
    }
    if let error = applied.endedBy { Terminal.note("ended early: \(error)\n  next: \(error.next)") }
    if applied.outcome.result == .done, !applied.verified.plan.isClean {
      Terminal.note(
        "Looking again found more to do:\n" + PlanCommand.text(applied.verified.plan, colour: Terminal.errorColour))
    }
    throw Failure(
      "run \(run) ended \(applied.word): \(changed) changes, \(recorded)",
      next: "Fix what is reported above, then apply again: the next run continues from the present state.",
      status: applied.outcome.result == .rolledBack ? .rolledBack : .partial)
  }
}

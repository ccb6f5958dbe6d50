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
    try await reconciler.settle { event in RunView(steps: 0).lines(for: event).forEach(Terminal.note) }
    for line in CopiesText.lines(try await reconciler.catchUp()) { Terminal.note(line) }
    let proposal = try await propose(reconciler)
    let interrupted = try await reconciler.interruptedRuns()
    if proposal.plan.isClean && interrupted.isEmpty {
      for line in CopiesText.lines(try await reconciler.catchCopiesUp()) { Terminal.note(line) }
      Terminal.print(PlanCommand.text(try await reconciler.review(proposal), colour: false))
      return
    }
    if proposal.plan.isClean {
      // What it put in place must be in the record, or nobody would take it away when the description drops it.
      Terminal.note("Nothing is left to do; recording what \(interrupted.map(\.id).joined(separator: ", ")) did.")
      return try await carryOut(proposal, reconciler)
    }
    Terminal.note(PlanCommand.text(try await reconciler.review(proposal), colour: Terminal.errorColour))
    guard !proposal.plan.steps.isEmpty || !proposal.plan.leaving.isEmpty else {
      throw Failure("nothing can be done now", next: "The plan above says what is blocked, and why.", status: .partial)
    }
    try reconciler.check(proposal)
    try confirm(proposal)
    try await carryOut(proposal, reconciler)
  }

  private func propose(_ reconciler: Reconciler) async throws -> Proposal {
    if let saved { return try await reconciler.propose(exactly: SavedPlanFile.read(saved)) }
    return try await reconciler.propose(limits.terms)
  }

  private func carryOut(_ proposal: Proposal, _ reconciler: Reconciler) async throws {
    var random = SystemRandomNumberGenerator()
    let run = RunName.make(now: reconciler.now(), using: &random)
    let policy = running.policy
    let log = try running.jsonInto.map { try EventLog(path: $0, simulated: options.simulate) }
    let display = RunDisplay(
      steps: proposal.plan.steps.count,
      // Machines in memory do not take the time that real ones would.
      estimate: options.simulate ? nil : try await reconciler.estimate(proposal),
      isLive: running.progress.map { $0 == .live } ?? Terminal.canRedraw, log: log)
    defer { display.close() }
    let began = ContinuousClock.now
    let applied = try await Interrupt.cancelling(
      first: { display.note("\nStopping: no further step begins; steps in progress are finished and recorded.") },
      second: { Self.tellUnknown(display.close(), run: run) }
    ) { () async throws(ReconcileError) in
      try await reconciler.apply(proposal, run: run, policy: policy) { display.show($0) }
    }
    display.close()
    try tell(applied, run: run, after: .now - began)
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
  private func confirm(_ proposal: Proposal) throws {
    if yes || options.simulate { return }
    guard Terminal.isInteractive else {
      throw Failure(
        "there is no terminal to ask on", next: "Read the plan above, then run `cluster apply --yes`.", status: .refused
      )
    }
    Terminal.noteWithoutNewline("\nApply this? Type `yes` to continue: ")
    guard readLine() == "yes" else {
      throw Failure("not confirmed; nothing was changed", next: "Apply again when you are ready.", status: .refused)
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

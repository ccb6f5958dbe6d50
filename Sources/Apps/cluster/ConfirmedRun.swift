// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Execution
import Foundation
import Reconciler

/// A run that is shown, agreed to, followed and told of: `apply`, and the verbs that act.
struct ConfirmedRun {
  let options: SiteOptions
  let running: RunOptions
  /// It was agreed to beforehand.
  let yes: Bool

  func run(_ request: RunRequest, _ reconciler: Reconciler) async throws {
    let (convergence, report) = try await converge(request, reconciler)
    try await tell(convergence, of: reconciler, request, report)
  }

  /// Without a word on how it ended: its results are told elsewhere.
  func follow(_ request: RunRequest, _ reconciler: Reconciler) async throws -> Convergence {
    try await converge(request, reconciler).convergence
  }

  private func converge(
    _ request: RunRequest, _ reconciler: Reconciler
  ) async throws -> (convergence: Convergence, report: ApplyReport) {
    try running.check(reconciler.cluster)
    let heads = reconciler.cluster.heads.count
    Terminal.note("Looking at \(heads) head\(heads == 1 ? "" : "s")\(options.simulate ? " in memory" : "") …")
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
          guard yes || isHarmless || confirm(request) else { return false }
          try await report.begin(proposal, of: reconciler)
          await arm()
          return true
        },
        events: { report.tell($0) })
    }
    report.close()
    return (convergence, report)
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
  private func confirm(_ request: RunRequest) -> Bool {
    guard Terminal.isInteractive else { return false }
    let question = request.errand == nil ? "Apply this?" : "Do this?"
    Terminal.noteWithoutNewline("\n\(question) Type `yes` to continue: ")
    return readLine() == "yes"
  }

  private func tell(
    _ convergence: Convergence, of reconciler: Reconciler, _ request: RunRequest, _ report: ApplyReport
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
          "there is no terminal to ask on", next: "Read the plan above, then run `\(request.command) --yes`.",
          status: .refused)
      }
      throw Failure(
        "not confirmed; nothing was changed", next: "Run `\(request.command)` again when you are ready.",
        status: .refused)
    case .applied(let applied): try tell(applied, request, after: report.elapsed)
    }
  }

  private func tell(_ applied: Applied, _ request: RunRequest, after time: Duration) throws {
    let run = request.run
    let changed = applied.outcome.steps.count { if case .done(let done) = $0.result { done.changed } else { false } }
    let recorded = applied.recorded.map { "commit \($0.commit.prefix(12)) on cluster/history" } ?? "not recorded"
    if let omission = applied.recorded?.unsignedBecause {
      Terminal.note("warning: the record is not signed: \(omission)")
    }
    if let trouble = applied.recorded?.unpackedBecause { Terminal.note("warning: \(trouble)") }
    for line in CopiesText.lines(applied.copies) { Terminal.note(line) }
    if request.errand != nil { for line in Self.results(applied.outcome) { Terminal.print(line) } }
    if applied.isConverged {
      let what =
        request.errand.map { "`\($0.words)` is done" }
        ?? (applied.isWhole
          ? "everything is as described" : "as described, within \(applied.verified.terms.scope.text)")
      Terminal.print(
        "\(options.simulate ? "Simulated" : request.errand == nil ? "Applied" : "Done"): \(changed) changes in \(Terminal.elapsed(time / .seconds(1))); looked again, \(what). Run \(run), \(recorded)."
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
      next: "Fix what is reported above, then run `\(request.command)` again: it continues from the present state.",
      status: applied.outcome.result == .rolledBack ? .rolledBack : .partial)
  }

  /// The result of each step of an errand, of the first twenty.
  private static func results(_ outcome: RunOutcome) -> [String] {
    let done = outcome.steps.compactMap { step in
      if case .done(let done) = step.result { "\(step.step): \(done.detail)" } else { nil }
    }
    return done.count <= 20
      ? done : Array(done.prefix(20)) + ["and \(done.count - 20) more; `cluster show` has them all"]
  }
}

extension RunRequest {
  /// The command to give again.
  fileprivate var command: String { errand.map { "cluster \($0.words)" } ?? "cluster apply" }
}

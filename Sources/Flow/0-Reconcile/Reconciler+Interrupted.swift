// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Execution
import HostAccess
import Wings

extension Reconciler {
  /// Puts runs that were killed into the history, before anything else is done: so it is complete, and in order.
  ///
  /// Done under the lease, so that nobody else records meanwhile, and before the first round, which ends them in the
  /// journal: being killed in between would lose them. One that the history has already is not recorded again.
  func recordInterrupted(_ proposal: Proposal) async throws(ReconcileError) {
    let runs = try await interruptedRuns()
    if runs.isEmpty { return }
    do throws(AuditError) {
      let known = Set(try history.log(site: site.id, limit: .max).map(\.id))
      for run in runs.joiningRounds() where !known.contains(run.recordedAs) {
        let record = try interruptedRecord(run, proposal)
        _ = try await history.record(record)
      }
    } catch { throw .audit(error) }
  }

  /// Runs of this site that were killed, and whose end no later run has recorded. One that is still at work is not.
  package func interruptedRuns() async throws(ReconcileError) -> [InterruptedRun] {
    let unfinished: [InterruptedRun]
    do { unfinished = try await journal.unfinished() + journal.unrecorded() } catch { throw .execution(error) }
    return unfinished.filter { run in !(run.process.map(processes.isRunning) ?? false) }
  }

  /// The resources that killed runs had begun to put in place, oldest first. No record lists them yet; they are ours
  /// all the same.
  func begunByInterruptedRuns() async throws(ReconcileError) -> [ManagedResource] {
    var begun: [ManagedResource] = []
    for run in try await interruptedRuns() where !run.managing.isEmpty {
      let managing: ManagedSet
      do { managing = try ManagedSet(json: run.managing, catalog: KindCatalog.all) } catch {
        throw .execution(
          .damaged(
            site.journal.path, "what run \(run.id) was to manage is no JSON: \(error)",
            lost: "what that run has put in place"))
      }
      let unreadable = managing.unreadable.filter { run.touched.contains($0.description) }
      guard unreadable.isEmpty else { throw .unreadableRecord(unreadable) }
      begun += managing.resources.filter { run.touched.contains($0.id.description) }
    }
    return begun
  }

  /// The resources that a plan is about to put in place, for the journal. A removal adds nothing: the record lists it
  /// already.
  func managing(_ proposal: Proposal) throws(ReconcileError) -> [UInt8] {
    do {
      try history.prepare(proposal.desired.map { ManagedResource(id: $0.id, desired: $0.desired) })
      return try history.json(ManagedSet.intended(by: proposal.plan, proposal.desired))
    } catch { throw .audit(error) }
  }

  /// Managed is also what killed runs had begun (`managedBefore`); what has become of it is looked at, and recorded,
  /// by the run that follows.
  private func interruptedRecord(
    _ run: InterruptedRun, _ proposal: Proposal
  ) throws(AuditError) -> AuditRecord {
    let files = recordedSpecification
    let found = now()
    let outcome = RunOutcome(
      run: run.recordedAs, generation: run.generation, earlierGenerations: run.earlierGenerations, holder: run.holder,
      result: .partial, startedAt: run.startedAt, finishedAt: found, steps: run.steps)
    return AuditRecord(
      site: site.id, spec: try history.specState(Array(files.keys)), specification: files,
      planJSON: Plan().json, planText: Self.planOf(run), outcome: outcome, result: "interrupted",
      managed: proposal.previously, observed: ObservedText.files(proposal.inventory, cluster), by: run.asker,
      tool: Version.text, subject: "interrupted, \(run.finished) of \(run.total) steps finished")
  }

  private static func planOf(_ run: InterruptedRun) -> String {
    """
    The process of run \(run.id) was killed. Its plan went with it; the journal says which steps were begun. The
    description is the one that was there when this was found.
    finished: \(run.finished) of \(run.total)
    in flight: \(run.inFlight.isEmpty ? "none" : run.inFlight.map(\.text).joined(separator: ", "))

    """
  }
}

extension [InterruptedRun] {
  /// A run that was killed in a later round had ended its first ones and recorded none: they are one run.
  func joiningRounds() -> [InterruptedRun] {
    var joined: [InterruptedRun] = []
    for round in sorted(by: { $0.generation < $1.generation }) {
      if let index = joined.firstIndex(where: { $0.recordedAs == round.recordedAs }) {
        joined[index] = joined[index].followed(by: round)
      } else {
        joined.append(round)
      }
    }
    return joined
  }
}

extension InterruptedRun {
  /// One run of two rounds.
  fileprivate func followed(by next: InterruptedRun) -> InterruptedRun {
    var joined = next
    joined.earlierGenerations = (earlierGenerations ?? []) + [generation]
    joined.startedAt = startedAt
    joined.steps = steps.followed(by: next.steps)
    joined.finished = finished + next.finished
    joined.total = total + next.total
    return joined
  }

  /// Without the number of a later round, which belongs to the same run.
  var recordedAs: String { id.firstIndex(of: ".").map { String(id[..<$0]) } ?? id }

  /// `user@machine`, of `user@machine pid 123`.
  var asker: String { holder.split(separator: " ").first.map(String.init) ?? holder }
}

extension [ManagedResource] {
  /// Later ones in the place of earlier ones of the same name, as a run's record does with what it has touched.
  func overlaid(with later: [ManagedResource]) -> [ManagedResource] {
    if later.isEmpty { return self }
    let newest = Dictionary(later.map { ($0.id, $0) }) { _, last in last }
    return filter { newest[$0.id] == nil } + newest.values.sorted { $0.id < $1.id }
  }
}

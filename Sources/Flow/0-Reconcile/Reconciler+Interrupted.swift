// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Execution
import HostAccess

extension Reconciler {
  /// Puts runs that were killed into the history, before anything else is done: so it is complete, and in order.
  ///
  /// Done before the lease is claimed, because claiming ends them in the journal: being killed in between would lose
  /// them. One that the history has already is not recorded again.
  func recordInterrupted(_ proposal: Proposal) async throws(ReconcileError) {
    let runs = try await interruptedRuns()
    if runs.isEmpty { return }
    do throws(AuditError) {
      let known = Set(try history.log(site: site.id, limit: .max).map(\.id))
      for run in runs where !known.contains(run.recordedAs) {
        let record = try interruptedRecord(run, proposal)
        _ = try await uncancelled { () async throws(AuditError) in try await history.record(record) }
      }
    } catch { throw .audit(error) }
  }

  /// What is managed stays as the run before left it: what this one has put in place is looked at, and recorded, by
  /// the run that follows.
  private func interruptedRecord(
    _ run: InterruptedRun, _ proposal: Proposal
  ) throws(AuditError) -> AuditRecord {
    let files = recordedSpecification
    let found = now()
    let outcome = RunOutcome(
      run: run.recordedAs, generation: run.generation, holder: run.holder, result: .partial,
      startedAt: run.startedAt, finishedAt: found, steps: run.steps)
    return AuditRecord(
      site: site.id, spec: try history.specState(Array(files.keys)), specification: files,
      planJSON: Plan().json, planText: Self.planOf(run), outcome: outcome, result: "interrupted",
      managed: proposal.previously, observed: ObservedText.files(proposal.inventory, cluster), by: run.asker,
      tool: Version.text, subject: "apply: interrupted, \(run.finished) of \(run.total) steps finished")
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

extension InterruptedRun {
  /// Without the number of a later round, which belongs to the same run.
  var recordedAs: String { id.firstIndex(of: ".").map { String(id[..<$0]) } ?? id }

  /// `user@machine`, of `user@machine pid 123`.
  var asker: String { holder.split(separator: " ").first.map(String.init) ?? holder }
}

// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Planning
import Resources

extension Reconciler {
  package func repository() throws(ReconcileError) -> AuditRepository {
    do { return try AuditRepository(folder: site.folder.path) } catch { throw .audit(error) }
  }

  /// What the newest recorded run of this site has left in place.
  func managedBefore() throws(ReconcileError) -> [ManagedResource] {
    do {
      let managed = try repository().managed(site: site.id, catalog: KindCatalog.all)
      guard managed.unreadable.isEmpty else { throw ReconcileError.unreadableRecord(managed.unreadable) }
      return managed.resources
    } catch let error as ReconcileError {
      throw error
    } catch {
      throw .audit(
        error as? AuditError ?? AuditError(.git, "the record cannot be read", cause: "\(error)", next: "Run git fsck."))
    }
  }

  func record(_ applied: Applied, _ proposal: Proposal) throws(ReconcileError) -> AuditRecord {
    let outcome = applied.outcome
    let touched = Set(
      (proposal.plan.steps + applied.verified.plan.steps).filter { step in
        outcome.steps.contains { $0.step == step.id && $0.startedAt != nil }
      }.map(\.resource))
    let text = PlanText(proposal.plan, colour: false) { HostlistText.fold($0.map { HostID($0) }) }.text
    var files = specification.files.files.mapValues { $0.contents.bytes }
    files[site.specification.lastPathComponent] = specification.bytes
    let state: SpecState
    do { state = try repository().specState(Array(files.keys)) } catch let error as AuditError {
      throw .audit(error)
    } catch {
      throw .audit(AuditError(.git, "the state of the spec cannot be read", cause: "\(error)", next: "Run git status."))
    }
    return AuditRecord(
      site: site.id, spec: state, specification: files, planJSON: proposal.plan.json, planText: text,
      outcome: outcome, result: applied.word,
      managed: Planner.managed(
        desired: proposal.desired, previously: proposal.previously, verified: applied.verified.plan, touched: touched),
      observed: ObservedText.files(applied.verified.inventory), by: by, tool: Version.text, subject: applied.subject)
  }
}

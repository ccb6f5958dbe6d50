// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Execution
import Features
import Foundation
import HostAccess
import Observation
import Planning
import Resources

/// The whole program on one screen: read → expand → observe → plan → execute → record.
///
/// Every command calls it. Reading happened before (`Specification`); the ways to the hosts are given.
package struct Reconciler: Sendable {
  package let site: Site
  package let specification: Specification
  package let cluster: Cluster
  package let hosts: [HostID: any HostAccess.Host]
  package let secrets: any SecretStore
  /// Who asks: `user@machine`.
  package let by: String
  /// Seconds since 1970.
  package let now: @Sendable () -> Int

  package init(
    site: Site, specification: Specification, cluster: Cluster, hosts: [HostID: any HostAccess.Host],
    secrets: any SecretStore,
    by: String, now: @escaping @Sendable () -> Int
  ) {
    self.site = site
    self.specification = specification
    self.cluster = cluster
    self.hosts = hosts
    self.secrets = secrets
    self.by = by
    self.now = now
  }

  /// What is wanted, what is there, and the steps between. Changes nothing.
  package func propose() async throws(ReconcileError) -> Proposal {
    let desired = Expansion.expand(cluster, specification.files)
    let previously = try managedBefore()
    let heads = heads
    let questions = Planner.questions(
      desired: desired, previously: previously, catalog: KindCatalog.all, heads: heads)
    let inventory = await Observer(secrets: secrets, now: now).observe(questions, hosts: hosts)
    do {
      let plan = try Planner.plan(
        desired: desired, previously: previously, inventory: inventory, catalog: KindCatalog.all, heads: heads,
        now: now())
      return Proposal(plan: plan, inventory: inventory, desired: desired, previously: previously)
    } catch { throw .plan(error) }
  }

  /// Carries a proposal out, looks again, and records what was done and what is now true.
  ///
  /// A run may bring to light what could not be seen before (a host that was away, a unit that took up a new
  /// configuration): such steps are carried out too, as long as none destroys anything that was not in the proposal.
  /// Cancelling ends only the carrying out: what was done by then is looked at and recorded all the same.
  package func apply(
    _ proposal: Proposal, run: String, events: @escaping @Sendable (RunEvent) -> Void
  ) async throws(ReconcileError) -> Applied {
    let repository = try repository()
    var outcome = try await execute(proposal.plan, as: run, events)
    var verified = try await look()
    var round = 1
    while outcome.result == .done, !verified.plan.steps.isEmpty, round < Self.mostRounds,
      proposal.covers(verified.plan)
    {
      round += 1
      outcome = outcome.followed(by: try await execute(verified.plan, as: "\(run).\(round)", events))
      verified = try await look()
    }
    let applied = Applied(outcome: outcome, verified: verified)
    let record = try record(applied, proposal)
    do throws(AuditError) {
      let recorded = try await uncancelled { () async throws(AuditError) in try await repository.record(record) }
      return Applied(outcome: outcome, verified: verified, recorded: recorded)
    } catch { throw .audit(error) }
  }

  private func look() async throws(ReconcileError) -> Proposal {
    try await uncancelled { () async throws(ReconcileError) in try await propose() }
  }

  /// Runs of this site that were killed, and whose end no later run has recorded. One that is still at work is not.
  package func interruptedRuns() async throws(ReconcileError) -> [InterruptedRun] {
    do { return try await Journal(path: site.journal.path).unfinished().filter { $0.process?.isRunning != true } } catch
    {
      throw .execution(error)
    }
  }

  /// More rounds than this mean that two resources undo each other's work.
  private static let mostRounds = 4

  private func execute(
    _ plan: Plan, as run: String, _ events: @escaping @Sendable (RunEvent) -> Void
  ) async throws(ReconcileError) -> RunOutcome {
    let (stream, continuation) = AsyncStream.makeStream(of: RunEvent.self)
    do throws(ExecutionError) {
      let executor = Executor(
        hosts: hosts, secrets: secrets, journal: try Journal(path: site.journal.path), now: now, events: continuation)
      async let watching: Void = uncancelled { for await event in stream { events(event) } }
      do throws(ExecutionError) {
        let outcome = try await executor.run(plan, as: run, holder: "\(by) pid \(getpid())")
        await watching
        return outcome
      } catch {
        continuation.finish()
        await watching
        throw error
      }
    } catch { throw .execution(error) }
  }
}

extension Reconciler {
  /// Who may hold the service address, for the planner.
  var heads: Planning.Heads {
    let names = cluster.heads.map(\.name)
    let primary = cluster.primary?.name ?? names.first ?? HostID("none")
    let boot = cluster.bootNetwork?.name
    return Planning.Heads(
      primary: primary, others: names.filter { $0 != primary },
      serviceAddress: cluster.ha?.addresses.first { $0.network == boot }?.address)
  }

  package func repository() throws(ReconcileError) -> AuditRepository {
    do { return try AuditRepository(folder: site.folder.path) } catch { throw .audit(error) }
  }

  /// What the newest recorded run of this site has left in place.
  private func managedBefore() throws(ReconcileError) -> [ManagedResource] {
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

  private func record(_ applied: Applied, _ proposal: Proposal) throws(ReconcileError) -> AuditRecord {
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

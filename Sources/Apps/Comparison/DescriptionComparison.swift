// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Execution
import HostAccess
import Planning
import Reconciler
import Simulator

/// The changes that a cluster which is exactly as one description says needs to become as another one says.
///
/// No host is asked: machines in memory are brought to the first description by the same steps that real ones would
/// be, and planned for the second. The same two descriptions always give the same plan.
package struct DescriptionComparison: Sendable {
  private let site: Site
  private let journal: any RunJournal

  /// - Parameter journal: past runs of the real site, for what to expect.
  package init(site: Site, journal: any RunJournal) {
    self.site = site
    self.journal = journal
  }

  /// Machines in memory that are exactly as a description says, which has to be valid.
  package func machines(as specification: Specification) async throws -> FakeCluster {
    guard let cluster = specification.cluster else { throw InvalidDescription() }
    let machines = FakeCluster(FakeWorld(cluster))
    _ = try await build(cluster, specification, on: machines)
    return machines
  }

  /// Both have to be valid.
  package func proposal(
    from base: Specification, to head: Specification, _ terms: RunTerms
  ) async throws -> (Proposal, PlanReview) {
    guard let old = base.cluster, let new = head.cluster else { throw InvalidDescription() }
    let machines = FakeCluster(FakeWorld(old))
    let managed = try await build(old, base, on: machines)
    await machines.change { world in
      world.unpack(new)
      world.installOwnUnits(of: new)
      world.switchOffHeads(notIn: new)
    }
    let wanted = DesiredResources.asked(by: new, head.files)
    let reconciler = await reconciler(new, head, wanted, machines, managed)
    let proposal = try await reconciler.propose(terms)
    return (proposal, try await reconciler.review(proposal))
  }

  /// More rounds than this mean that two resources undo each other's work.
  private static let mostRounds = 4

  /// Brings empty machines to what is described, and gives what is managed then.
  private func build(
    _ cluster: Cluster, _ specification: Specification, on machines: FakeCluster
  ) async throws -> [ManagedResource] {
    var managed: [ManagedResource] = []
    let wanted = DesiredResources.asked(by: cluster, specification.files)
    for round in 1...Self.mostRounds {
      let proposal = try await reconciler(cluster, specification, wanted, machines, managed).propose()
      if proposal.plan.steps.isEmpty { return managed }
      let run = RunToken(run: "comparison-\(round)", generation: round, holder: "comparison")
      try await carryOut(proposal.plan, run, on: machines)
      managed = proposal.desired.map { ManagedResource(id: $0.id, desired: $0.desired) }
    }
    throw UnbuildableDescription()
  }

  /// The plan's order is one in which each step comes after what it depends on.
  private func carryOut(_ plan: Plan, _ run: RunToken, on machines: FakeCluster) async throws {
    var claimed: Set<HostID> = []
    var assumed: [@Sendable (inout FakeWorld) -> Void] = []
    for step in plan.steps {
      if let assumption = try step.operation.inMemory.conduct.assumption {
        assumed.append(assumption)
        continue
      }
      let host = machines.host(step.host)
      if claimed.insert(step.host).inserted { try await host.claim(run) }
      var secrets: [SecretRef: [UInt8]] = [:]
      for secret in step.operation.secrets { secrets[secret] = FakeWorld.password(secret) }
      let outcome = try await host.perform(step.operation, secrets: Secrets(secrets), run: run) { _ in }
      if let pending = outcome.pending { _ = try await host.confirm(pending.id, run: run) }
    }
    for id in claimed { try await machines.host(id).release(run) }
    // All at once: nothing waits for a node.
    await machines.change { [assumed] world in for assumption in assumed { assumption(&world) } }
  }

  private func reconciler(
    _ cluster: Cluster, _ specification: Specification, _ wanted: DesiredResources, _ machines: FakeCluster,
    _ managed: [ManagedResource]
  ) async -> Reconciler {
    let world = await machines.world
    let hosts = world.machines.keys.map { ($0, machines.host($0) as any ManagedHost) }
    return Reconciler(
      site: site, specification: specification, cluster: cluster, wanted: wanted,
      hosts: Dictionary(uniqueKeysWithValues: hosts), secrets: FakeSecrets(), journal: RealDurations(journal: journal),
      processes: .machine,
      history: ComparedHistory(managed: managed), by: "comparison", clock: ContinuousClock(), now: { world.now })
  }
}

/// The journal of the real site, and of that only how long steps took: its killed runs have left nothing on machines in
/// memory.
private struct RealDurations: RunJournal {
  let journal: any RunJournal

  func durations() async throws(ExecutionError) -> [StepDuration] { try await journal.durations() }
  func newestGeneration() async throws(ExecutionError) -> Int { 0 }
  func unrecorded() async throws(ExecutionError) -> [InterruptedRun] { [] }
  func unfinished() async throws(ExecutionError) -> [InterruptedRun] { [] }

  func begin(
    _ token: RunToken, process: ProcessIdentity?, total: Int, managing: [UInt8], at now: Int
  ) async throws(ExecutionError) { throw Self.refusal }
  func started(_ step: Step, run: String, at now: Int) async throws(ExecutionError) { throw Self.refusal }
  func finished(_ report: StepReport, run: String) async throws(ExecutionError) { throw Self.refusal }
  func end(_ run: String, result: String, at now: Int) async throws(ExecutionError) { throw Self.refusal }
  func recorded(_ run: String) async throws(ExecutionError) { throw Self.refusal }

  private static var refusal: ExecutionError { .journal(path: "in memory", cause: "a comparison is no run") }
}

/// The record of machines in memory: what they were made of. Nothing is recorded.
private struct ComparedHistory: RunHistory {
  let managed: [ManagedResource]

  func managed(site: String, catalog: [String: AnyKind]) throws(AuditError) -> ManagedSet {
    ManagedSet(resources: managed)
  }

  func specState(_ files: [String]) throws(AuditError) -> SpecState { SpecState(commit: nil, dirty: []) }
  func log(site: String?, limit: Int) throws(AuditError) -> [RunRecord] { [] }

  func record(_ record: AuditRecord) async throws(AuditError) -> AuditRepository.Recorded {
    throw AuditError(.git, "a comparison is not recorded", next: "Use `cluster apply`.")
  }
}

/// A description with errors cannot be compared; its problems were told when it was read.
package struct InvalidDescription: Error, CustomStringConvertible {
  package var description: String { "one of the descriptions is not valid" }
}

/// Machines in memory did not come to what the base describes.
package struct UnbuildableDescription: Error, CustomStringConvertible {
  package var description: String { "machines in memory could not be brought to what the base describes" }
}

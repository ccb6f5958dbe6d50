// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import Execution
import HostAccess
import Planning
import Wings

extension Reconciler {
  /// Shows a proposal, and says whether it is agreed to. One that is clean asks to record what killed runs have done.
  package typealias Asking = @Sendable (Proposal) async throws(ReconcileError) -> Bool
  /// Takes note of what happens in a run.
  package typealias Telling = @Sendable (RunNews) -> Void

  /// Why there is nothing to carry out. Nil: there is work.
  func standstill(_ proposal: Proposal) async throws(ReconcileError) -> Convergence? {
    let plan = proposal.plan
    if plan.isClean {
      // What a killed run put in place must be in the record, or nobody would take it away later.
      let isRecorded = try await interruptedRuns().isEmpty
      return isRecorded ? .nothingToDo(proposal, copies: try await catchCopiesUp()) : nil
    }
    return plan.steps.isEmpty && plan.leaving.isEmpty ? .blocked(proposal) : nil
  }

  /// The consent that was given. Nil: none.
  func agree(to proposal: Proposal, _ ask: Asking) async throws(ReconcileError) -> Consent? {
    guard try await ask(proposal) else { return nil }
    try check(proposal)
    return proposal.consent
  }

  /// Takes the lease of the site, waiting for another run as long as the policy allows, and holds it until the body has
  /// ended. Cancelling the caller's task starts no further step; what was done is looked at and recorded all the same.
  func holdingLease<Value: Sendable>(
    _ request: RunRequest, _ events: @escaping Telling,
    _ body: @escaping @Sendable (HeldRun) async throws(ReconcileError) -> Value
  ) async throws(ReconcileError) -> Value {
    try await holdingLease(request, on: clock, events, body)
  }

  private func holdingLease<Value: Sendable>(
    _ request: RunRequest, on clock: some Clock<Duration>, _ events: @escaping Telling,
    _ body: @escaping @Sendable (HeldRun) async throws(ReconcileError) -> Value
  ) async throws(ReconcileError) -> Value {
    let (stream, continuation) = AsyncStream.makeStream(of: RunEvent.self)
    var policy = request.policy
    policy.limits.lanes = WingCatalog.lanes(of: cluster)
    let executor = Executor(
      hosts: hosts, secrets: secrets, journal: journal, processes: processes,
      witness: HighAvailability.witness(cluster),
      policy: policy, clock: clock, now: now, events: continuation)
    let holder = by + (processes.current.map { " pid \($0.pid)" } ?? "")
    async let watching: Void = uncancelled { for await event in stream { events(.event(event)) } }
    let result: Result<Value, ReconcileError>
    do throws(ExecutionError) {
      result = try await executor.holding(request.run, by: holder) { run in
        do throws(ReconcileError) { return .success(try await body(run)) } catch { return .failure(error) }
      }
    } catch { result = .failure(.execution(error)) }
    await watching
    return try result.get()
  }

  /// Waits until no host has a change that a run which was killed has left unconfirmed: its host undoes it soon, and a
  /// plan made before that would be of a state that is about to go.
  func settle(_ events: @escaping Telling) async throws(ReconcileError) { try await settle(on: clock, events) }

  private func settle(
    on clock: some Clock<Duration>, _ events: @escaping Telling
  ) async throws(ReconcileError) {
    let (stream, continuation) = AsyncStream.makeStream(of: RunEvent.self)
    let executor = Executor(
      hosts: hosts, secrets: secrets, journal: journal, processes: processes, clock: clock, now: now,
      events: continuation)
    async let watching: Void = { for await event in stream { events(.event(event)) } }()
    let result: Result<Void, ExecutionError>
    do throws(ExecutionError) { result = .success(try await executor.settle()) } catch { result = .failure(error) }
    continuation.finish()
    await watching
    do throws(ExecutionError) { try result.get() } catch { throw .execution(error) }
  }
}

extension Reconciler {
  /// The part of a plan that the terms ask for. Names in them that stand for nothing are an error: nobody may believe
  /// that something was left out, or done, because of a slip.
  func cut(
    _ plan: Plan, _ terms: RunTerms, _ inventory: Inventory, _ desired: [Resource], _ previously: [ManagedResource]
  ) throws(ReconcileError) -> Proposal {
    if !terms.scope.isWhole {
      let unmatched = unmatched(terms.scope, plan, desired, previously)
      if !unmatched.isEmpty { throw .unknownTarget(unmatched) }
    }
    let cut = plan.cut(to: terms.scope)
    return Proposal(
      plan: cut.plan, whole: plan, leftOut: cut.leftOut, terms: terms, inventory: inventory, desired: desired,
      previously: previously)
  }

  private func unmatched(
    _ scope: PlanScope, _ plan: Plan, _ desired: [Resource], _ previously: [ManagedResource]
  ) -> [String] {
    let machines = Set(cluster.heads.map(\.name.name) + cluster.nodes.map(\.name.name))
      .union(previously.compactMap { $0.id.host?.name })
    let ids = Set(desired.map(\.id.description) + previously.map(\.id.description)).union(plan.steps.map(\.id.text))
    return (scope.targets + scope.excluded).flatMap { selector -> [String] in
      let unknown = selector.unmatched(machines: machines, resources: ids)
      let shown = unknown.prefix(5).map { name in
        let near = nearest(to: name, among: (name.contains(":") ? ids : machines).sorted())
        let meant = near.isEmpty ? "" : "; did you mean \(near.map { "`\($0)`" }.joined(separator: ", "))?"
        return "`\(name)` names nothing in this cluster\(meant)"
      }
      return shown + (unknown.count > 5 ? ["and \(unknown.count - 5) more names that stand for nothing"] : [])
    }
  }

  /// Checks the rules that a plan has to keep before it is carried out, wherever it came from.
  package func check(_ proposal: Proposal) throws(ReconcileError) {
    let refused = proposal.terms.refused(proposal.plan)
    if !refused.isEmpty { throw .tooDisruptive(refused, ceiling: proposal.terms.ceiling ?? .none) }
    // Whoever names machines may take as many of them away as they like, and an errand takes nothing off hosts.
    let rules =
      proposal.errand != nil
      ? PlanRules()
      : PlanRules(
        wanted, previously: proposal.previously, mostNodesAway: NodePolicy.mostAway(of: cluster.nodesInService.count))
    let problems = PlanChecks.problems(proposal.plan, rules)
    if !problems.isEmpty { throw .plan(PlanProblems(problems)) }
  }
}

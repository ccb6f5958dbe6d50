// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Observation
import Planning
import Resources

extension Reconciler {
  /// What is wanted, what is there, and the steps between. Changes nothing.
  /// - Parameter terms: what part of it is wanted.
  package func propose(_ terms: RunTerms = RunTerms()) async throws(ReconcileError) -> Proposal {
    let previously = try await managedBefore()
    let heads = heads
    let questions = Planner.questions(
      desired: desired, previously: previously, catalog: KindCatalog.all, heads: heads)
    let inventory = await observe(questions, on: clock)
    do {
      let plan = try Planner.plan(
        desired: desired, previously: previously, inventory: inventory, catalog: KindCatalog.all, heads: heads,
        mostNodesAway: NodePolicy.mostAway(of: cluster.nodes.count), now: now())
      return try cut(plan, terms, inventory, desired, previously)
    } catch let problems as PlanProblems { throw .plan(problems) } catch let error as ReconcileError {
      throw error
    } catch { preconditionFailure("an error that nobody throws: \(error)") }
  }

  private func observe(_ questions: [HostID: [Probe]], on clock: some Clock<Duration>) async -> Inventory {
    await Observer(secrets: secrets, clock: clock, now: now).observe(questions, hosts: hosts)
  }

  /// Who may hold the service address, for the planner.
  var heads: Planning.Heads { Planning.Heads(cluster) }
}

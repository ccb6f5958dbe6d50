// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Observation
import Planning

extension Reconciler {
  /// What is wanted, what is there, and the steps between. Changes nothing.
  /// - Parameter terms: what part of it is wanted.
  /// - Parameter takenAway: what the same run has taken away already, and no record says yet.
  package func propose(
    _ terms: RunTerms = RunTerms(), without takenAway: Set<ResourceID> = []
  ) async throws(ReconcileError) -> Proposal {
    let before = try await managedBefore()
    // Also what was taken away is looked at: the record says that it is gone.
    let inventory = await observe(wanted.questions(previously: before), on: clock)
    let previously = before.filter { !takenAway.contains($0.id) }
    do {
      let plan = try Planner.plan(
        wanted, previously: previously, inventory: inventory,
        mostNodesAway: NodePolicy.mostAway(of: cluster.nodes.count), now: now())
      return try cut(plan, terms, inventory, wanted.resources, previously)
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

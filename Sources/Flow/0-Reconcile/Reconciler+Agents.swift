// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

extension Reconciler {
  /// Refuses a plan that needs an operation which the agent on its host cannot do: half a run is worse than none.
  ///
  /// A host that does not answer is left to the run, which knows what to do without it.
  func checkAgents(_ plan: Plan) async throws(ReconcileError) {
    var needed: [HostID: Set<String>] = [:]
    for step in plan.steps { needed[step.host, default: []].insert(step.operation.name) }
    for (id, names) in needed.sorted(by: { $0.key < $1.key }) {
      guard let known = try? await hosts[id]?.operations() else { continue }
      let unknown = names.subtracting(known).sorted()
      guard unknown.isEmpty else {
        throw .host(
          AgentError(
            .protocolMismatch, "The agent on \(id) cannot do \(unknown.joined(separator: ", ")), and nothing was done",
            next: "It is of another version: put the `cluster-agent` that was built with this `cluster` beside it."))
      }
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import Planning
import Wings

extension Reconciler {
  /// The part of a plan that the terms ask for. Names in them that stand for nothing are an error: nobody may believe
  /// that something was left out, or done, because of a slip.
  func cut(
    _ plan: Plan, _ terms: RunTerms, _ inventory: Inventory, _ desired: [Resource], _ previously: [ManagedResource]
  ) throws(ReconcileError) -> Proposal {
    if !terms.scope.isWhole {
      let strangers = strangers(terms.scope, plan, desired, previously)
      if !strangers.isEmpty { throw .unknownTarget(strangers) }
    }
    let cut = plan.cut(to: terms.scope)
    return Proposal(
      plan: cut.plan, whole: plan, leftOut: cut.leftOut, terms: terms, inventory: inventory, desired: desired,
      previously: previously)
  }

  private func strangers(
    _ scope: PlanScope, _ plan: Plan, _ desired: [Resource], _ previously: [ManagedResource]
  ) -> [String] {
    let machines = Set(cluster.heads.map(\.name.name) + cluster.nodes.map(\.name.name))
      .union(previously.compactMap { $0.id.host?.name })
    let ids = Set(desired.map(\.id.description) + previously.map(\.id.description)).union(plan.steps.map(\.id.text))
    return (scope.targets + scope.excluded).flatMap { selector -> [String] in
      let unknown = selector.strangers(machines: machines, resources: ids)
      let shown = unknown.prefix(5).map { name in
        let near = nearest(to: name, among: (name.contains(":") ? ids : machines).sorted())
        let meant = near.isEmpty ? "" : "; did you mean \(near.map { "`\($0)`" }.joined(separator: ", "))?"
        return "`\(name)` names nothing in this cluster\(meant)"
      }
      return shown + (unknown.count > 5 ? ["and \(unknown.count - 5) more names that stand for nothing"] : [])
    }
  }

  /// What has to hold of a plan before it is carried out, wherever it came from.
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

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Features
import Observation
import Planning
import Resources

extension Reconciler {
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

  /// Who may hold the service address, for the planner.
  var heads: Planning.Heads {
    let names = cluster.heads.map(\.name)
    let primary = cluster.primary?.name ?? names.first ?? HostID("none")
    let boot = cluster.bootNetwork?.name
    return Planning.Heads(
      primary: primary, others: names.filter { $0 != primary },
      serviceAddress: cluster.ha?.addresses.first { $0.network == boot }?.address)
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Observation
import Planning
import Wings

extension Reconciler {
  /// The site as seen by one who only looks: who is active, and the answers to questions that may depend on it.
  package func look(_ questions: @Sendable (ErrandSight) -> [Question]) async throws(ReconcileError) -> ErrandSight {
    let sight = heads.sight.serving
    let first = await ask(Dictionary(uniqueKeysWithValues: heads.all.map { ($0, sight) }))
    return await look(further: questions, after: first)
  }

  /// The facts that a run is planned from: what is wanted and was left in place, and the answers that its errand needs.
  func observe(_ request: RunRequest) async throws(ReconcileError) -> SeenSite {
    var seen = try await observe()
    if let errand = request.errand {
      seen.sight = await look(further: errand.questions, after: seen.inventory)
    }
    return seen
  }

  private func look(
    further questions: (ErrandSight) -> [Question], after first: Inventory
  ) async -> ErrandSight {
    var asked: [HostID: [AnyProbe]] = [:]
    for question in questions(sight(first)) where !first.tells(question) {
      asked[question.host, default: []].append(question.probe)
    }
    return asked.isEmpty ? sight(first) : sight(first.adding(await ask(asked), asked: asked))
  }

  private func sight(_ inventory: Inventory) -> ErrandSight {
    ErrandSight(cluster: cluster, inventory: inventory, activeHead: heads.active(in: inventory))
  }

  private func ask(_ questions: [HostID: [AnyProbe]]) async -> Inventory { await ask(questions, on: clock) }

  /// A BMC takes up to six seconds to stay silent, and a head asks eight at once.
  private func ask(_ questions: [HostID: [AnyProbe]], on clock: some Clock<Duration>) async -> Inventory {
    let most = questions.values.map(\.count).max() ?? 0
    return await Observer(secrets: secrets, deadline: .seconds(60 + most), clock: clock, now: now)
      .observe(questions, hosts: hosts)
  }

  /// The plan of an errand. What the record lists as ours stays as it is.
  func plan(_ errand: any Errand, _ seen: SeenSite) throws(ReconcileError) -> Proposal {
    let found: ErrandPlan
    do throws(ErrandRefusal) { found = try errand.plan(seen.sight ?? sight(seen.inventory)) } catch {
      throw .refused(errand.words, error)
    }
    let plan: Plan
    do throws(PlanProblems) { plan = try Planner.plan(found, of: errand.words) } catch { throw .plan(error) }
    return Proposal(
      plan: plan, whole: plan, leftOut: [], terms: RunTerms(), inventory: seen.inventory, desired: wanted.resources,
      previously: seen.previously, errand: errand, notes: found.notes)
  }
}

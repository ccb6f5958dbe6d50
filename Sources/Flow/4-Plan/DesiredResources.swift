// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// What a description asks for, with all that follows from that alone: found out once, and used each time that a run
/// looks at the machines again.
package struct DesiredResources: Sendable {
  package let resources: [Resource]
  let catalog: [String: AnyKind]
  let heads: Heads
  let ids: Set<ResourceID>
  let order: Result<ResourceOrder, PlanProblems>
  /// What the resources decide about.
  let owned: Ownership
  /// Things that two of them decide about.
  let clashes: [PlanProblem]
  /// What has to be asked of which host. Each probe once, in a steady order.
  let questions: [HostID: [Probe]]

  package init(_ resources: [Resource], catalog: [String: AnyKind], heads: Heads) {
    self.resources = resources
    self.catalog = catalog
    self.heads = heads
    ids = Set(resources.lazy.map(\.id))
    do throws(PlanProblems) { order = .success(try ResourceOrder(resources, catalog: catalog)) } catch {
      order = .failure(error)
    }
    owned = Ownership.of(resources, catalog: catalog, heads: heads)
    clashes = owned.problems { resources[$0].owner }
    var list = QuestionList()
    for head in heads.all { list.add(Question(head, .links)) }
    for resource in resources { list.add(catalog[resource.id.kind]?.questions(resource.id, resource.desired) ?? []) }
    questions = list.questions
  }

  /// What must be asked before a plan can be made, also of what was managed before and is not asked for any more.
  package func questions(previously: [ManagedResource]) -> [HostID: [Probe]] {
    let gone = previously.filter { !ids.contains($0.id) }
    if gone.isEmpty { return questions }
    var list = QuestionList(questions)
    for managed in gone { list.add(catalog[managed.id.kind]?.questions(managed.id, managed.desired) ?? []) }
    return list.questions
  }
}

/// Questions by host, each once, in the order in which they came.
private struct QuestionList {
  private(set) var questions: [HostID: [Probe]]
  private var seen: [HostID: Set<Probe>]

  init(_ questions: [HostID: [Probe]] = [:]) {
    self.questions = questions
    seen = questions.mapValues { Set($0) }
  }

  mutating func add(_ question: Question) {
    if seen[question.host, default: []].insert(question.probe).inserted {
      questions[question.host, default: []].append(question.probe)
    }
  }

  mutating func add(_ more: [Question]) { for question in more { add(question) } }
}

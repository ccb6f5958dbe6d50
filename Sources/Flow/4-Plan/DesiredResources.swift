// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The resources of a description, with all that follows from them alone: computed once, and used each time that a run
/// looks at the machines again.
package struct DesiredResources: Sendable {
  package let resources: [Resource]
  let catalog: [String: AnyKind]
  let heads: HeadOrder
  let ids: Set<ResourceID>
  /// Hosts that the description has, also those that are still to be made.
  private let hosts: Set<HostID>
  let order: Result<ResourceOrder, PlanProblems>
  /// The claims of the resources.
  let owned: Ownership
  /// Things that two of them decide about.
  let clashes: [PlanProblem]
  /// The probes for each host. Each probe once, in a steady order.
  let questions: [HostID: [AnyProbe]]

  package init(_ resources: [Resource], catalog: [String: AnyKind], heads: HeadOrder) {
    self.resources = resources
    self.catalog = catalog
    self.heads = heads
    ids = Set(resources.lazy.map(\.id))
    hosts = Set(heads.all).union(resources.lazy.compactMap(\.id.host)).union(resources.lazy.compactMap(\.establishes))
    do throws(PlanProblems) { order = .success(try ResourceOrder(resources, catalog: catalog)) } catch {
      order = .failure(error)
    }
    owned = Ownership.of(resources, catalog: catalog, heads: heads)
    clashes = owned.problems { resources[$0].owner }
    var list = QuestionList()
    for head in heads.all { list.add(heads.sight.serving.map { Question(head, asking: $0) }) }
    for resource in resources { list.add(catalog[resource.id.kind]?.questions(resource.id, resource.desired) ?? []) }
    questions = list.questions
  }

  /// The probes that a plan needs, also for what was managed before and is not asked for any more.
  package func questions(previously: [ManagedResource]) -> [HostID: [AnyProbe]] {
    let gone = previously.filter { !ids.contains($0.id) }
    if gone.isEmpty { return questions }
    var list = QuestionList(questions)
    for question in gone.flatMap(asked) where hosts.contains(question.host) { list.add(question) }
    if !leaving(previously).isEmpty {
      for head in heads.all { list.add(heads.sight.membership.map { Question(head, asking: $0) }) }
    }
    return list.questions
  }

  /// Heads of earlier runs that the description has no more, with what they had and what made them.
  func leaving(_ previously: [ManagedResource]) -> [LeavingHead] {
    var resources: [HostID: [ResourceID]] = [:]
    for managed in previously {
      let about = [managed.desired.establishes, managed.id.host].compactMap(\.self)
      if let host = about.first(where: { !hosts.contains($0) }) { resources[host, default: []].append(managed.id) }
    }
    return resources.keys.sorted().map { LeavingHead(host: $0, resources: resources[$0]?.sorted() ?? []) }
  }

  /// Hosts that were asked for what nothing asks for any more, and that the description does not have: nobody can ask
  /// them now, and nothing is done there.
  func undescribed(_ previously: [ManagedResource]) -> Set<HostID> {
    let gone = previously.filter { !ids.contains($0.id) }
    return Set(gone.flatMap(asked).map(\.host)).union(gone.compactMap(\.id.host)).subtracting(hosts)
  }

  private func asked(_ managed: ManagedResource) -> [Question] {
    catalog[managed.id.kind]?.questions(managed.id, managed.desired) ?? []
  }
}

/// Questions by host, each once, in the order in which they came.
private struct QuestionList {
  private(set) var questions: [HostID: [AnyProbe]]
  private var seen: [HostID: Set<AnyProbe>]

  init(_ questions: [HostID: [AnyProbe]] = [:]) {
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

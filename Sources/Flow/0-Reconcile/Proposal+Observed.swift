// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Wings

extension Proposal {
  /// What was seen of a resource, a fact a line with the host it was seen on: what its kind asks for, and nothing else.
  package func observed(_ resource: Resource, of cluster: Cluster) -> [String] {
    let questions = KindCatalog.all[resource.id.kind]?.questions(resource.id, resource.desired) ?? []
    let nodes = NodeNames(cluster)
    var seen: Set<String> = []
    return questions.flatMap { question in
      facts(question, nodes).map { "\(question.host): \($0)" }
    }.filter { seen.insert($0).inserted }
  }

  private func facts(_ question: Question, _ nodes: NodeNames) -> [String] {
    switch inventory.hosts[question.host] {
    case nil: ["it was not asked"]
    case .unreachable(let error): ["it does not answer: \(error)"]
    case .answered(let answers):
      answers[question.probe].map { question.probe.explained($0, nodes) } ?? ["it was not asked"]
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Wings

extension Proposal {
  /// What was seen of a resource, a fact a line with the host it was seen on: what its kind asks for, and nothing else.
  package func observed(_ resource: Resource, of cluster: Cluster) -> [String] {
    let questions = KindCatalog.all[resource.id.kind]?.questions(resource.id, resource.desired) ?? []
    var seen: Set<String> = []
    return questions.flatMap { question in
      facts(question, cluster).map { "\(question.host): \($0)" }
    }.filter { seen.insert($0).inserted }
  }

  private func facts(_ question: Question, _ cluster: Cluster) -> [String] {
    switch inventory.hosts[question.host] {
    case nil: ["it was not asked"]
    case .unreachable(let error): ["it does not answer: \(error)"]
    case .answered(let answers):
      switch answers[question.probe] {
      case nil: ["it was not asked"]
      case .failed(let error): ["it could not answer: \(error)"]
      case .cib(let text), .crmMon(let text):
        [text == nil ? "Pacemaker does not run" : "Pacemaker runs, with the configuration that was compared"]
      case .storedCIB(nil): ["no configuration of Pacemaker lies on its disk"]
      case .storedCIB(let stored?):
        ["Pacemaker's configuration lies on its disk" + (stored.isPaused ? ", in maintenance mode" : "")]
      case .corosync(nil): ["Corosync does not run"]
      case .power(let state):
        if case .power(let bmc) = question.probe {
          ["the machine of BMC \(bmc.address) is \(state.rawValue)"]
        } else {
          []
        }
      case .some(let answer): ObservedText.facts(question.probe, answer, cluster)
      }
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension Units: StatusSection {
  package static func statusQuestions(_ cluster: Cluster) -> [Question] {
    cluster.heads.flatMap { head in
      WingCatalog.services(of: cluster).map { Question(head.name, UnitProbe($0.unit)) }
    }
  }

  /// Without Pacemaker a service runs where its unit does.
  package static func tell(_ report: inout StatusReport, _ cluster: Cluster, _ inventory: Inventory) {
    if cluster.ha != nil { return }
    let answers = Answers(inventory, blank: [])
    report.services += WingCatalog.services(of: cluster).map { service in
      var found = StatusReport.Service(name: service.name, head: nil, state: "unknown")
      for head in cluster.heads.map(\.name) {
        guard let state = try? answers.answer(head, UnitProbe(service.unit)) else { continue }
        if state.active == "active" { return .init(name: service.name, head: head.name, state: "running") }
        found.state = state.active == "failed" ? "failed" : "stopped"
      }
      return found
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import XML

extension CIBGoal {
  /// The goal with the resources that it takes away still there, and stopped. Nil: it takes none away.
  ///
  /// A resource that is taken away while it runs is stopped by Pacemaker without its parameters, where it knows them no
  /// longer: an agent cannot do that, and a stop that fails costs the head its power. Nothing is stopped where
  /// Pacemaker is let go with all that it runs.
  package func stoppingFirst(in live: CIBDocument) -> CIBGoal? {
    guard !entersMaintenance else { return nil }
    let dropped = live.dropped(by: self)
    let going = dropped.compactMap { live.element($0, in: .resources) }.filter { Self.kinds.contains($0.name) }
    guard !going.isEmpty else { return nil }
    let stopped = going.map { CIBElement(section: .resources, id: $0.id ?? "", xml: Self.stopped($0).canonical) }
    var goal = self
    goal.removed = dropped.filter { id in !stopped.contains { $0.id == id } }
    goal.elements = goal.elements.filter { $0.id != CIBDocument.registry } + stopped
    let ours = live.managed.subtracting(goal.removed).union(goal.elements.map(\.id))
    goal.elements.append(CIBDocument.registry(of: ours.subtracting([CIBDocument.registry])))
    return goal
  }

  private static let kinds: Set<String> = ["primitive", "group", "clone"]

  /// The set of attributes that stops a resource until it is taken away.
  static func goingSet(of resource: String) -> String { "\(resource)-going" }

  private static func stopped(_ resource: XMLElement) -> XMLElement {
    let set = goingSet(of: resource.id ?? "")
    let role = XMLElement(
      "nvpair", [.init("id", "\(set)-target-role"), .init("name", "target-role"), .init("value", "Stopped")])
    var resource = resource
    // An earlier run may have come as far as this.
    resource.children.removeAll { if case .element(let child) = $0 { child.id == set } else { false } }
    let attributes = XMLElement("meta_attributes", [.init("id", set)], children: [.element(role)])
    resource.children.insert(.element(attributes), at: 0)
    return resource
  }
}

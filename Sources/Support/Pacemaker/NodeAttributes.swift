// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import XML

/// Attributes of heads, which resource agents set while they run (attrd_updater(8)), and rules that ask for them.
extension CIBGoal {
  /// Attributes that the goal's rules ask for, that all members tell, and that some member has not set yet.
  package func attributesUnset(in live: CIBDocument) -> Set<String> {
    let told = elements.reduce(into: Set<String>()) { $0.formUnion($1.toldAttributes) }
    let wanted = elements.reduce(into: Set<String>()) { $0.formUnion($1.ruleAttributes) }.intersection(told)
    return members.reduce(into: []) { unset, member in
      unset.formUnion(wanted.subtracting(live.transientAttributes(of: member.name)))
    }
  }

  /// This goal, but for elements whose rules ask for one of the attributes.
  package func withoutRules(on attributes: Set<String>) -> CIBGoal {
    var goal = self
    goal.elements.removeAll { !$0.ruleAttributes.isDisjoint(with: attributes) }
    return goal
  }
}

extension CIBElement {
  /// The attributes that a resource tells on each member: those that a clone has as its parameter `attribute`.
  var toldAttributes: Set<String> {
    guard section == .resources, let element = try? XMLElement(parsing: xml), element.name == "clone" else { return [] }
    var names: Set<String> = []
    element.visit { if $0.name == "nvpair", $0["name"] == "attribute", let name = $0["value"] { names.insert(name) } }
    return names
  }

  /// The attributes that rules of a constraint ask for.
  var ruleAttributes: Set<String> {
    guard section == .constraints, xml.contains("<rule "), let element = try? XMLElement(parsing: xml) else {
      return []
    }
    var names: Set<String> = []
    element.visit { if $0.name == "expression", let name = $0["attribute"] { names.insert(name) } }
    return names
  }
}

extension CIBDocument {
  /// The names of the attributes that a member has set since it joined: its node state keeps them.
  package func transientAttributes(of member: String) -> Set<String> {
    guard let state = root.first("status")?.all("node_state").first(where: { $0["uname"] == member }) else { return [] }
    var names: Set<String> = []
    for attributes in state.elements where attributes.name == "transient_attributes" {
      attributes.visit { if $0.name == "nvpair", let name = $0["name"] { names.insert(name) } }
    }
    return names
  }
}

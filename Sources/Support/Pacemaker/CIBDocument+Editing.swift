// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import XML

extension CIBDocument {
  /// This CIB after creating or updating the goal's elements and removing those that it names.
  package func applying(_ goal: CIBGoal) throws(XMLError) -> CIBDocument {
    var result = self
    for id in dropped(by: goal) {
      guard let section = section(of: id) else { continue }
      result.edit(id, in: section) { _ in nil }
    }
    for element in goal.elements { try result.upsert(element) }
    return result
  }

  private mutating func upsert(_ element: CIBElement) throws(XMLError) {
    let wanted = try XMLElement(parsing: element.xml)
    if let live = self.element(element.id, in: element.section) {
      guard !wanted.isSatisfied(by: live) else { return }
      edit(element.id, in: element.section) { wanted.keepingForeignSets(of: $0) }
    } else {
      Self.append(wanted, at: element.section.path, below: &root)
    }
  }

  /// Changes one element of a section, or takes it away. Ids elsewhere are references and history.
  private mutating func edit(_ id: String, in section: CIBElement.Section, _ change: (XMLElement) -> XMLElement?) {
    root.mapElements { configuration in
      guard configuration.name == "configuration" else { return configuration }
      var configuration = configuration
      configuration.mapElements { child in
        guard child.name == section.rawValue else { return child }
        return child.editing(id, change)
      }
      return configuration
    }
  }

  private static func append(_ element: XMLElement, at path: [XMLElement], below parent: inout XMLElement) {
    guard let next = path.first else {
      parent.children.append(.element(element))
      return
    }
    let index = parent.children.firstIndex { node in
      if case .element(let child) = node {
        child.name == next.name && (next.id == nil || child.id == next.id)
      } else {
        false
      }
    }
    if let index, case .element(var child) = parent.children[index] {
      append(element, at: Array(path.dropFirst()), below: &child)
      parent.children[index] = .element(child)
    } else {
      var made = next
      append(element, at: Array(path.dropFirst()), below: &made)
      parent.children.append(.element(made))
    }
  }
}

extension CIBElement.Section {
  /// The elements around one of this section, from the CIB's root. Properties and defaults stand in the set that
  /// crm_attribute(8) writes to.
  fileprivate var path: [XMLElement] {
    let section = [XMLElement("configuration"), XMLElement(rawValue)]
    switch self {
    case .options: return section + [XMLElement("cluster_property_set", [.init("id", "cib-bootstrap-options")])]
    case .resourceDefaults: return section + [XMLElement("meta_attributes", [.init("id", "rsc_defaults-options")])]
    case .resources, .constraints, .fencingTopology: return section
    }
  }
}

extension XMLElement {
  fileprivate mutating func mapElements(_ change: (XMLElement) -> XMLElement?) {
    children = children.compactMap { node in
      guard case .element(let child) = node else { return node }
      return change(child).map(Node.element)
    }
  }

  /// This element, with the one below it that has the id changed or gone.
  fileprivate func editing(_ id: String, _ change: (XMLElement) -> XMLElement?) -> XMLElement {
    var result = self
    result.mapElements { $0.id == id ? change($0) : $0.editing(id, change) }
    return result
  }

  /// Whether a live element is as this one says, but for the order of attributes and children, and for foreign sets.
  func isSatisfied(by live: XMLElement) -> Bool {
    let merged = keepingForeignSets(of: live)
    return merged == live || merged.ordered == live.ordered
  }

  /// This element with the attribute sets of the live one that are not ours.
  func keepingForeignSets(of live: XMLElement) -> XMLElement {
    let sets = ["instance_attributes", "meta_attributes", "utilization"]
    // That of a resource that was to be taken away, and is wanted again, is ours too.
    let ours = Set(elements.compactMap(\.id)).union(id.map { [CIBGoal.goingSet(of: $0)] } ?? [])
    var result = self
    result.children += live.elements.filter { sets.contains($0.name) && !ours.contains($0.id ?? "") }.map(Node.element)
    return result
  }

  /// Attributes and child elements in one order, whatever theirs was: in the CIB it has no meaning.
  private var ordered: XMLElement {
    var result = self
    result.attributes.sort { $0.name < $1.name }
    result.children = elements.map(\.ordered).sorted { ($0.name, $0.id ?? "") < ($1.name, $1.id ?? "") }
      .map(Node.element)
    return result
  }
}

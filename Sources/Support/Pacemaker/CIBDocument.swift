// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import XML

/// The Cluster Information Base: Pacemaker's whole configuration as one XML document.
///
/// We own elements of it, by id; everything else is the cluster's own or an administrator's and is left alone. Which
/// ones we own is written into the CIB itself, in the property `cluster-managed-elements`, so that what the spec drops
/// is found again without any record outside of it. Inside a resource of ours, whole sets of attributes that we did not
/// write are kept too: that is where `crm_resource --meta` and the like put an administrator's wishes.
package struct CIBDocument: Hashable, Sendable {
  package internal(set) var root: XMLElement { didSet { (memo, storedMemo) = (Lazy(), Lazy()) } }
  private var memo = Lazy<String>()
  private var storedMemo = Lazy<StoredCIB>()

  /// Attributes sorted, no white space between elements. Made once for all copies.
  package var canonical: String { memo.value { root.canonical } }

  package init(root: XMLElement) { self.root = root }

  package init(parsing text: String) throws(XMLError) {
    root = try XMLElement(parsing: text)
    guard root.name == "cib" else { throw XMLError(line: 1, column: 1, message: "the root is \(root.name), not cib") }
  }

  package static let registry = "cib-bootstrap-options-cluster-managed-elements"

  /// The element that lists all others of ours.
  package static func registry(of ids: some Sequence<String>) -> CIBElement {
    option("cluster-managed-elements", ids.sorted().joined(separator: " "))
  }

  /// A cluster property, with the id that crm_attribute(8) gives it: a later change by hand changes our element, and is
  /// seen, rather than adding a second one.
  package static func option(_ name: String, _ value: String) -> CIBElement {
    nvpair(.options, "cib-bootstrap-options-" + name, name, value)
  }

  /// A default for all resources, with the id that crm_attribute(8) gives it.
  package static func resourceDefault(_ name: String, _ value: String) -> CIBElement {
    nvpair(.resourceDefaults, "rsc_defaults-options-" + name, name, value)
  }

  private static func nvpair(_ section: CIBElement.Section, _ id: String, _ name: String, _ value: String) -> CIBElement
  {
    let element = XMLElement("nvpair", [.init("id", id), .init("name", name), .init("value", value)])
    return CIBElement(section: section, id: id, xml: element.canonical)
  }

  /// The ids of our elements, as an earlier run left them.
  package var managed: Set<String> {
    element(Self.registry, in: .options).flatMap(Self.listed) ?? []
  }

  /// Pacemaker's behaviour when it starts with this document.
  package var stored: StoredCIB {
    storedMemo.value {
      StoredCIB(
        isManaged: !managed.isEmpty, isPaused: element(CIBGoal.pause, in: .options)?["value"] == "true")
    }
  }

  private static func listed(_ registry: XMLElement) -> Set<String>? {
    registry["value"].map { Set($0.utf8.split(separator: UInt8(ascii: " ")).map { String(Substring($0)) }) }
  }

  /// Elements that the goal removes: those it names, and those that are ours here but not in its list of ours.
  ///
  /// A plan cannot name what it has not seen: a CIB stays on the disks of heads that Pacemaker was removed from, and
  /// is there again when it comes back, with the maintenance mode in which it was let go.
  func dropped(by goal: CIBGoal) -> [String] {
    let registry = goal.elements.first { $0.id == Self.registry }.flatMap { try? XMLElement(parsing: $0.xml) }
    guard let kept = registry.flatMap(Self.listed) else { return goal.removed }
    return Set(goal.removed).union(managed.subtracting(kept)).sorted()
  }

  /// An element of a section, at whatever depth: an administrator may have put a resource into a group.
  package func element(_ id: String, in section: CIBElement.Section) -> XMLElement? {
    root.at("configuration", section.rawValue).flatMap { Self.find(id, below: $0) }
  }

  /// All elements of a section by their ids; of several with one id the first, as `element` finds it.
  func elements(in section: CIBElement.Section) -> [String: XMLElement] {
    var found: [String: XMLElement] = [:]
    root.at("configuration", section.rawValue)?.visit { element in
      if let id = element.id, found[id] == nil { found[id] = element }
    }
    return found
  }

  /// An element by its id alone.
  package func element(_ id: String) -> XMLElement? { section(of: id).flatMap { element(id, in: $0) } }

  func section(of id: String) -> CIBElement.Section? {
    CIBElement.Section.allCases.first { element(id, in: $0) != nil }
  }

  private static func find(_ id: String, below parent: XMLElement) -> XMLElement? {
    for case .element(let child) in parent.children {
      if child.id == id { return child }
      if let found = find(id, below: child) { return found }
    }
    return nil
  }
}

/// The effect of a CIB on a disk, once Pacemaker starts with it.
package struct StoredCIB: Hashable, Codable, Sendable {
  /// It has elements of ours.
  package var isManaged: Bool
  /// In maintenance mode Pacemaker touches nothing.
  package var isPaused: Bool

  package init(isManaged: Bool, isPaused: Bool) {
    self.isManaged = isManaged
    self.isPaused = isPaused
  }
}

package struct CIBElement: Hashable, Codable, Sendable {
  package enum Section: String, Hashable, Codable, CaseIterable, Sendable {
    case options = "crm_config"
    case resources
    case constraints
    case fencingTopology = "fencing-topology"
    case resourceDefaults = "rsc_defaults"
  }

  package var section: Section
  package var id: String
  /// One element, in canonical form: attributes sorted, no white space between elements.
  package var xml: String

  package init(section: Section, id: String, xml: String) {
    self.section = section
    self.id = id
    self.xml = xml
  }
}

package struct CIBGoal: Hashable, Codable, Sendable {
  package var elements: [CIBElement]
  package var removed: [String]
  /// Members that must be online before anything is changed.
  package var members: [HostID]

  package init(elements: [CIBElement], removed: [String], members: [HostID]) {
    self.elements = elements
    self.removed = removed
    self.members = members
  }

  /// The property that tells Pacemaker to touch nothing more, so that what it runs goes on without it.
  package static let pause = "cib-bootstrap-options-maintenance-mode"

  /// Whether it tells Pacemaker so.
  package var entersMaintenance: Bool { elements.contains { $0.id == Self.pause } }
}

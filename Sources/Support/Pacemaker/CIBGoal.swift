// SPDX-License-Identifier: Apache-2.0
import ClusterModel

package struct CIBElement: Hashable, Codable, Sendable {
  package enum Section: String, Hashable, Codable, CaseIterable, Sendable {
    case options = "crm_config"
    case resources
    case constraints
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

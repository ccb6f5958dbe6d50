// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// What a plan is held against before it is executed, beyond what it says itself. Nil: not looked at.
package struct PlanRules: Sendable {
  /// What may be taken away: in the record, and not asked for any more.
  var prunable: Set<ResourceID>?
  /// What the desired resources decide about.
  var owned: Ownership?
  /// How many nodes may be taken away at once.
  var mostNodesAway: Int?

  /// Only what a plan says itself.
  package init() { self.init(prunable: nil) }

  init(prunable: Set<ResourceID>? = nil, owned: Ownership? = nil, mostNodesAway: Int? = nil) {
    self.prunable = prunable
    self.owned = owned
    self.mostNodesAway = mostNodesAway
  }

  /// - Parameter previously: what the record lists as ours.
  package init(_ desired: DesiredResources, previously: [ManagedResource], mostNodesAway: Int?) {
    self.init(
      prunable: Set(previously.lazy.map(\.id).filter { !desired.ids.contains($0) }), owned: desired.owned,
      mostNodesAway: mostNodesAway)
  }
}

extension Step {
  /// Whether a node that works is interrupted.
  var takesNodeAway: Bool {
    if case .node = operation.impact { disruption >= .reboot } else { false }
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// A systemd unit: whether it is enabled, whether it is active, and that it runs with its present configuration.
///
/// - A unit reloads or restarts when one of its configuration resources changes in the same plan, and also when it is
///   seen to run with an older configuration: a run that died between write and reload is finished by the next one.
/// - `enabled` and `active` may be nil: then they are somebody else's (Pacemaker's), and only the configuration counts.
/// - A masked unit is an administrator's decision: the step says so, fails, and tells how to unmask it.
/// - Removal disables and stops it, unless it was not ours to start.
package enum UnitKind: ResourceKind {
  package static let name = "unit"
  package static let removalRank = 10

  package struct Desired: DesiredState {
    package var unit: UnitGoal
    /// Resources whose change the unit takes up in the way that `unit.reload` says.
    package var watches: [ResourceID]
    /// Resources whose change a mere reload takes up, even where the others need a restart.
    package var reloadsFor: [ResourceID]
    /// The site has installed the unit itself: no package of ours will bring it.
    package var isOwn: Bool

    package init(
      _ unit: UnitGoal, watches: [ResourceID] = [], reloadsFor: [ResourceID] = [], isOwn: Bool = false
    ) {
      self.isOwn = isOwn
      self.unit = unit
      self.watches = watches
      self.reloadsFor = reloadsFor
    }
  }

  package typealias Actual = UnitState

  package static func id(on host: HostID, _ unit: String) -> ResourceID { ResourceID(name, on: host, unit) }
}

extension Resource {
  package static func unit(
    on host: HostID, _ desired: UnitKind.Desired, because: String, source: SourceSpan, after: [ResourceID] = [],
    afterRemoval: [ResourceID] = []
  ) -> Resource {
    // What a unit watches is in place before the unit is.
    Resource(
      UnitKind.id(on: host, desired.unit.name), desired, because: because, source: source,
      after: after + desired.watches + desired.reloadsFor, afterRemoval: afterRemoval)
  }
}

extension UnitKind {
  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    [Question(id.onlyHost, probe(desired.unit))]
  }

  private static func probe(_ goal: UnitGoal) -> UnitProbe { UnitProbe(goal.name, configuration: goal.configuration) }

  /// A unit whose package is not installed yet is absent. One that nobody is going to install cannot be planned for.
  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    guard let state = try answers.answer(id.onlyHost, probe(desired.unit)) else { return nil }
    if state.exists || state.masked { return state }
    guard desired.isOwn else { return nil }
    throw .failed(
      id.onlyHost,
      AgentError(
        .notFound, "There is no unit \(desired.unit.name)",
        next: "It is the site's own: install it on \(id.onlyHost), or correct its name, and apply again."))
  }
}

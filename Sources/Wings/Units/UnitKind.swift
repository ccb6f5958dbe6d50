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

  /// A unit whose package is not installed yet is absent.
  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    guard let state = try answers.answer(id.onlyHost, probe(desired.unit)) else { return nil }
    return state.exists || state.masked ? state : nil
  }
}

extension UnitKind {
  package static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: Actual?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    // One that nobody is going to install cannot be planned for. Where it is not wanted any more, nothing is to do.
    // A head that is still to be installed has no answer.
    if actual == nil, desired.isOwn, try context.answers.answer(id.onlyHost, probe(desired.unit)) != nil {
      throw missing(desired.unit.name, on: id.onlyHost)
    }
    var goal = desired.unit
    let running = actual.map(isRunning) ?? false
    let loading = running && goal.active != false ? loading(desired, actual, context) : nil
    if let loading { goal.reload = loading.how }
    guard let reason = switching(goal, actual) ?? loading.map({ ($0.how.rawValue, $0.because) }) else { return [] }
    var changes = stateChanges(goal, actual)
    if let loading { changes.append("\(loading.how.rawValue): \(loading.because)") }
    let disruption: Step.Disruption =
      if running && goal.active == false { .restart } else {
        switch loading?.how {
        case .reload: .reload
        case .restart: .restart
        case nil: .none
        }
      }
    return [
      StepDraft(
        reason.0, on: id.onlyHost, EnsureUnit(goal), disruption: disruption, because: reason.1, changes: changes)
    ]
  }

  private static func missing(_ unit: String, on host: HostID) -> Unreadable {
    .failed(
      host,
      AgentError(
        .notFound, "There is no unit \(unit)",
        next: "It is the site's own: install it on \(host), or correct its name, and apply again."))
  }

  package static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: Actual, _ context: PlanContext
  ) -> [StepDraft] {
    let unit = previous.unit
    let disable = unit.enabled == true && actual.differs(from: false)
    let stop = unit.active == true && isRunning(actual)
    guard disable || stop else { return [] }
    let goal = UnitGoal(
      name: unit.name, enabled: unit.enabled == true ? false : nil, active: unit.active == true ? false : nil)
    return [
      StepDraft(
        "stop", on: id.onlyHost, EnsureUnit(goal), disruption: stop ? .restart : .none,
        because: "nothing in the spec asks for \(unit.name) now", changes: stateChanges(goal, actual))
    ]
  }

  /// `ActiveState` of a unit that has processes or will have them at once; `failed` and `inactive` have none.
  package static func isRunning(_ state: UnitState) -> Bool {
    ["active", "reloading", "activating"].contains(state.active)
  }

  /// How the unit takes up a configuration that is about to change, or that it never took up. Nil: it has the newest.
  private static func loading(
    _ desired: Desired, _ actual: Actual?, _ context: PlanContext
  ) -> (how: UnitGoal.Reload, because: String)? {
    if actual?.configuration == .stale {
      // Which of its files is newer is not known, so the way that is always enough is taken.
      return (desired.unit.reload, "\(desired.unit.name) runs with an older configuration")
    }
    if actual?.configuration == .altered {
      return (desired.unit.reload, "somebody has changed what \(desired.unit.name) has loaded")
    }
    if let changed = desired.watches.first(where: context.changing.contains) {
      return (desired.unit.reload, "\(changed.name) changes")
    }
    if let changed = desired.reloadsFor.first(where: context.changing.contains) {
      return (.reload, "\(changed.name) changes")
    }
    return nil
  }

  /// The verb and the reason when the unit is to be enabled, disabled, started or stopped.
  private static func switching(_ goal: UnitGoal, _ actual: Actual?) -> (String, String)? {
    guard let actual else {
      if goal.active == true { return ("start", "\(goal.name) is not there yet") }
      if goal.enabled == true { return ("enable", "\(goal.name) is not there yet") }
      // Its package enables it on installation.
      if goal.enabled == false { return ("disable", "\(goal.name) is not to start by itself") }
      return nil
    }
    let wanted = goal.active == true || goal.enabled == true
    if actual.masked && wanted { return (goal.active == true ? "start" : "enable", "\(goal.name) is masked") }
    if goal.active == true && !isRunning(actual) { return ("start", "\(goal.name) is \(actual.active)") }
    if goal.active == false && isRunning(actual) { return ("stop", "\(goal.name) is \(actual.active)") }
    if let enabled = goal.enabled, actual.differs(from: enabled) {
      return enabled
        ? ("enable", "\(goal.name) does not start with the machine")
        : ("disable", "\(goal.name) starts with the machine")
    }
    return nil
  }

  private static func stateChanges(_ goal: UnitGoal, _ actual: Actual?) -> [String] {
    var lines: [String] = []
    if actual?.masked == true && (goal.active == true || goal.enabled == true) { lines.append("masked -> not masked") }
    if let enabled = goal.enabled, actual?.differs(from: enabled) ?? true {
      lines.append(
        "\(actual.map { $0.enabled ? "enabled" : "disabled" } ?? "absent") -> \(enabled ? "enabled" : "disabled")")
    }
    if let active = goal.active, active != actual.map(isRunning) {
      lines.append("\(actual?.active ?? "absent") -> \(active ? "active" : "inactive")")
    }
    return lines
  }
}

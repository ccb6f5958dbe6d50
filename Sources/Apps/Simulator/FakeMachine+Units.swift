// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Wings

extension FakeMachine {
  func unit(_ name: String, configuration: [String]) -> UnitState {
    guard let unit = known(name) else {
      return UnitState(exists: false, enabled: false, masked: false, active: "inactive", configuration: .notRunning)
    }
    return UnitState(
      exists: true, enabled: unit.enabled, isFixed: unit.isFixed, masked: unit.masked, active: unit.active,
      configuration: loaded(unit, configuration))
  }

  mutating func ensureUnit(_ goal: UnitGoal) throws(AgentError) -> Outcome {
    guard var unit = known(goal.name), !unit.masked else { return try unusable(goal) }
    var done: [String] = []
    if let enabled = goal.enabled, enabled != unit.enabled, !unit.isFixed {
      unit.enabled = enabled
      done.append(enabled ? "enabled" : "disabled")
    }
    let running = unit.active == "active"
    if goal.active == false {
      if running {
        unit.active = "inactive"
        done.append("stopped")
      }
    } else if !running {
      if goal.active == true {
        unit.active = "active"
        done.append("started")
      }
    } else if loaded(unit, goal.configuration) == .stale {
      done.append(goal.reload == .reload && unit.canReload ? "reloaded" : "restarted")
    }
    if unit.active == "active", done.contains(where: { ["started", "reloaded", "restarted"].contains($0) }) {
      unit.loaded = step()
    }
    units[goal.name] = unit
    return Outcome(
      changed: !done.isEmpty, detail: done.isEmpty ? "as desired already" : done.joined(separator: ", "))
  }

  /// A unit that came with a package, or one whose file was written by hand: systemd.unit(5).
  func known(_ name: String) -> Unit? {
    if let unit = units[name] { return unit }
    guard let file = files["/etc/systemd/system/\(name)"] else { return nil }
    var unit = Unit(enabled: false)
    unit.isFixed = file.text?.contains("[Install]") != true
    if unit.isFixed { unit.enabled = true }
    return unit
  }

  /// What is not there or masked neither runs nor is enabled; that is all it can be asked for.
  private func unusable(_ goal: UnitGoal) throws(AgentError) -> Outcome {
    if goal.enabled != true && goal.active != true { return Outcome(changed: false, detail: "as desired already") }
    if known(goal.name) == nil {
      throw AgentError(
        .notFound, "There is no unit \(goal.name)", next: "Install the package that provides it, or correct its name.")
    }
    throw AgentError(
      .conflict, "\(goal.name) is masked", next: "Run `systemctl unmask \(goal.name)` on the host, then apply again.")
  }

  private func loaded(_ unit: Unit, _ configuration: [String]) -> UnitState.Configuration {
    guard unit.active == "active" else { return .notRunning }
    return configuration.contains { changed($0) > unit.loaded } ? .stale : .loaded
  }
}

extension UnitProbe: MemoryProbe {
  func answer(of asked: AskedMachine) -> UnitState { asked.machine.unit(unit, configuration: configuration) }
}

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
    } else if loaded(unit, goal.configuration).isOutdated {
      done.append(goal.reload == .reload && unit.canReload ? "reloaded" : "restarted")
    }
    if unit.active == "active", done.contains(where: { ["started", "reloaded", "restarted"].contains($0) }) {
      unit.loaded = step()
      unit.isAltered = false
    }
    units[goal.name] = unit
    if done.contains("started") || done.contains("stopped") { mount(goal.name, unit.active == "active") }
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

  /// The outcome for a unit that is not there or masked: it can only be asked not to run and not to be enabled.
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
    if configuration.contains(where: { changed($0) > unit.loaded }) { return .stale }
    return unit.isAltered ? .altered : .loaded
  }
}

extension UnitProbe: MemoryProbe {
  func answer(of asked: AskedMachine) -> UnitState { asked.machine.unit(unit, configuration: configuration) }
}

extension ListenersProbe: MemoryProbe {
  /// sshd, and units with files that say where they listen: systemd.socket(5).
  func answer(of asked: AskedMachine) -> [Listener] {
    let machine = asked.machine
    let sockets = machine.units.filter { $0.value.active == "active" }.flatMap { name, _ in
      (machine.files["/etc/systemd/system/\(name)"]?.text ?? "").split(separator: "\n").compactMap { line in
        line.hasPrefix("ListenStream=") ? Int(line.dropFirst("ListenStream=".count)) : nil
      }
    }
    let ssh = machine.units["ssh.service"]?.active == "active"
    return (ssh ? [Listener(.tcp(22), address: "0.0.0.0", program: "sshd")] : [])
      + sockets.sorted().map { Listener(.tcp($0), address: "*", program: "systemd") }
  }
}

extension FakeMachine {
  func packages(_ names: [String]) -> [String: String] { installed.filter { names.contains($0.key) } }

  mutating func ensurePackages(_ names: [String]) throws(AgentError) -> Outcome {
    let missing = Set(names).subtracting(installed.keys).sorted()
    if missing.isEmpty { return Outcome(changed: false, detail: "all \(names.count) installed already") }
    if faults.mirrorDown {
      throw AgentError(
        .packageSource, "The package mirror cannot be used", cause: "E: Failed to fetch",
        next: "Check `repositories:` in the spec and /etc/apt on the host; try `apt-get update` there.")
    }
    let unknown = missing.filter { offer($0) == nil }
    if !unknown.isEmpty {
      throw AgentError(
        .notFound, "No package source has \(unknown.joined(separator: ", "))",
        next: "Correct the name, or add the repository that has it to /etc/apt/sources.list.d.")
    }
    try take(1 << 20, for: "the packages")
    for name in missing { unpack(name) }
    ours.formUnion(missing)
    return Outcome(
      changed: true, detail: "installed " + missing.map { "\($0) \(installed[$0] ?? "")" }.joined(separator: ", "))
  }

  mutating func ensurePackagesAbsent(_ names: [String]) throws(AgentError) -> Outcome {
    let removable = Set(names).intersection(ours).intersection(installed.keys).sorted()
    let along = installed.keys.filter { name in
      !removable.contains(name) && offer(name)?.depends.contains(where: removable.contains) == true
    }
    guard along.isEmpty else {
      throw AgentError(
        .conflict,
        "Removing \(removable.joined(separator: ", ")) would also remove \(along.sorted().joined(separator: ", "))",
        next: "Keep it in the spec, or remove the others yourself first.")
    }
    for name in removable {
      installed[name] = nil
      for unit in offer(name)?.units ?? [] { units[unit] = nil }
    }
    ours.subtract(names)
    let detail = removable.isEmpty ? "none of them is ours to remove" : "removed \(removable.joined(separator: ", "))"
    return Outcome(changed: !removable.isEmpty, detail: detail)
  }

  /// Dependencies come along, and are not ours: apt(8) keeps them as automatically installed.
  private mutating func unpack(_ name: String) {
    guard installed[name] == nil, let offer = offer(name) else { return }
    for dependency in offer.depends { unpack(dependency) }
    installed[name] = offer.version
    for unit in offer.units where units[unit] == nil { units[unit] = Unit(enabled: true) }
  }
}

extension PackagesProbe: MemoryProbe {
  func answer(of asked: AskedMachine) -> [String: String] { asked.machine.packages(names) }
}

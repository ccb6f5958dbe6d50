// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension EnsureUnit: MachineOperation {
  package var conduct: MemoryConduct { .short(.milliseconds(800), mayEndReports: goal.name == "nginx.service") }
  func perform(in machine: inout FakeMachine, _ secrets: Secrets) throws(AgentError) -> Outcome {
    try machine.ensureUnit(goal)
  }
}

extension EnsurePackages: MachineOperation {
  package var conduct: MemoryConduct { .short(.seconds(12), mayEndReports: false) }
  func perform(in machine: inout FakeMachine, _ secrets: Secrets) throws(AgentError) -> Outcome {
    try machine.ensurePackages(goal)
  }
}

extension EnsurePackagesAbsent: MachineOperation {
  package var conduct: MemoryConduct { .short(.seconds(4), mayEndReports: false) }
  func perform(in machine: inout FakeMachine, _ secrets: Secrets) throws(AgentError) -> Outcome {
    try machine.ensurePackagesAbsent(goal)
  }
}

extension EnsureLink: MachineOperation {
  package var conduct: MemoryConduct { .short(.milliseconds(300), mayEndReports: true) }
  func perform(in machine: inout FakeMachine, _ secrets: Secrets) throws(AgentError) -> Outcome {
    try machine.ensureLink(goal)
  }
}

extension EnsureAddress: MachineOperation {
  package var conduct: MemoryConduct { .short(.milliseconds(300), mayEndReports: true) }
  func perform(in machine: inout FakeMachine, _ secrets: Secrets) throws(AgentError) -> Outcome {
    try machine.ensureAddress(interface: interface, address: address, prefix: prefix)
  }
}

extension EnsureNode: MemoryOperation {
  package var conduct: MemoryConduct {
    MemoryConduct(
      .seconds(3), begins: "switching \(goal.node) on", mayEndReports: false,
      beginning: { [goal] world, host, secrets throws(AgentError) in try world.begin(goal, on: host, secrets) },
      // Nodes boot and report to whoever serves them: ten thousand one by one take minutes even in memory.
      assumption: { [goal] world in
        world.nodes[goal.node]?.image = goal.image
        world.nodes[goal.node]?.server = goal.server
        if let bmc = goal.bmc { world.boards[bmc.key]?.power = .on }
      })
  }

  package func perform(
    in world: inout FakeWorld, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    try world.begin(goal, on: host, secrets)
    return try world.ensureNode(goal, on: host, secrets)
  }
}

extension EnsurePower: MemoryOperation {
  package var conduct: MemoryConduct { .short(.seconds(4), mayEndReports: true) }

  package func perform(
    in world: inout FakeWorld, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    try world.switchPower(bmc, state, of: of, on: host, secrets)
  }
}

extension EnsurePowerCycled: MemoryOperation {
  package var conduct: MemoryConduct { .short(.seconds(8), mayEndReports: true) }

  package func perform(
    in world: inout FakeWorld, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    try world.ensurePowerCycled(self, on: host, secrets)
  }
}

extension EnsureSystemUser: MachineOperation {
  package var conduct: MemoryConduct { .short(.milliseconds(200), mayEndReports: false) }

  func perform(in machine: inout FakeMachine, _ secrets: Secrets) throws(AgentError) -> Outcome {
    if let problem = machine.state(of: goal).conflict(with: goal, on: nil) { throw problem }
    guard machine.accounts.insert(goal).inserted else { return Outcome(changed: false, detail: "there already") }
    return Outcome(changed: true, detail: "made \(goal.name)")
  }
}

extension SystemUserProbe: MemoryProbe {
  func answer(of asked: AskedMachine) -> SystemUserState { asked.machine.state(of: user) }
}

extension FakeMachine {
  fileprivate func state(of user: SystemUser) -> SystemUserState {
    let own = accounts.first { $0.name == user.name }
    return SystemUserState(
      uid: own?.uid, gid: own?.gid, uidOwner: accounts.first { $0.uid == user.uid && $0.name != user.name }?.name,
      gidOwner: accounts.first { $0.gid == user.gid && $0.name != user.name }?.name)
  }
}

extension StateFolderProbe: MemoryProbe {
  func answer(of asked: AskedMachine) -> StateFolder {
    asked.machine.shares[path] ?? StateFolder(isMounted: false, marker: nil, isEmpty: true)
  }
}

extension ServiceReportProbe: MemoryProbe {
  /// There are no processes in memory: any number that Linux gives counts as one.
  func answer(of asked: AskedMachine) throws(AgentError) -> ServiceReportState? {
    guard let file = asked.machine.files[path] else { return nil }
    guard let report = ServiceReport(file.bytes) else { throw .noReport(path) }
    return ServiceReportState(report, isCurrent: report.process ?? 1 <= 4_194_304)
  }
}

extension EnsureStateFolder: MemoryOperation {
  package var conduct: MemoryConduct { .short(.milliseconds(50), mayEndReports: false) }

  /// Marks the folder on all machines that have it mounted.
  package func perform(
    in world: inout FakeWorld, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    guard var folder = world.machines[host]?.shares[goal.path], folder.isMounted else {
      throw AgentError(.notFound, "Nothing is mounted at \(goal.path)", next: "Mount it on this head.")
    }
    folder.mark(world.machines.values.lazy.compactMap { $0.shares[goal.path]?.marker }.first)
    if let problem = folder.conflict(with: goal) { throw problem }
    if folder.marker == nil, !marks {
      throw AgentError(.conflict, "\(goal.path) has no mark", next: "Mount the same folder on both heads.")
    }
    let isMarked = world.machines[host]?.shares[goal.path]?.marker != nil
    folder.mark(goal.marker)
    for id in world.machines.keys where world.machines[id]?.shares[goal.path]?.isMounted == true {
      world.machines[id]?.shares[goal.path] = folder
    }
    return Outcome(changed: marks && !isMarked, detail: "marked as the state of \(goal.marker)")
  }
}

extension ReplicaProbe: MemoryProbe {
  func answer(of asked: AskedMachine) -> ReplicaState {
    let isMade = asked.machine.replica != nil
    guard isMade, asked.world.liveCIB?.element(ReplicaPlaces.resource) != nil else {
      return ReplicaState(isMade: isMade)
    }
    return ReplicaState(isMade: true, isActive: asked.world.servingHead == asked.id, standing: .inSync)
  }
}

extension EnsureReplica: MachineOperation {
  package var conduct: MemoryConduct { .short(.seconds(2), mayEndReports: false) }

  func perform(in machine: inout FakeMachine, _ secrets: Secrets) throws(AgentError) -> Outcome {
    guard machine.replica == nil else { return Outcome(changed: false, detail: "there already") }
    machine.replica = goal
    return Outcome(changed: true, detail: "made \(goal.device ?? ReplicaGoal.file)")
  }
}

extension StateFolder {
  fileprivate mutating func mark(_ text: String?) {
    guard let text else { return }
    (marker, isEmpty) = (text, false)
  }
}

extension FakeMachine {
  /// Follows a unit of type mount, by the unit's file: systemd.mount(5).
  mutating func mount(_ unit: String, _ isActive: Bool) {
    guard unit.hasSuffix(".mount"), let text = files["/etc/systemd/system/\(unit)"]?.text,
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("Where=") })
    else { return }
    let place = String(line.dropFirst("Where=".count))
    if !isActive {
      shares[place] = nil
    } else if shares[place] == nil {
      shares[place] = StateFolder(isMounted: true, marker: nil, isEmpty: true)
    }
  }
}

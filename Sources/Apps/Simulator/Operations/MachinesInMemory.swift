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
        if let bmc = goal.bmc { world.boards[bmc.address]?.power = .on }
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

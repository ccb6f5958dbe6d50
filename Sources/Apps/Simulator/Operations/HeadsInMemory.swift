// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension EnsureHostname: MachineOperation {
  package var conduct: MemoryConduct { .short(.milliseconds(5), mayEndReports: false) }
  func perform(in machine: inout FakeMachine, _ secrets: Secrets) throws(AgentError) -> Outcome {
    machine.ensureHostname(goal)
  }
}

extension EnsureCapture: MemoryOperation {
  package var conduct: MemoryConduct { .short(.seconds(40), mayEndReports: false) }

  package func perform(
    in world: inout FakeWorld, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    world.ensureCapture(goal, on: host)
  }
}

extension EnsureClone: MemoryOperation {
  package var conduct: MemoryConduct {
    .long(.seconds(110), begins: "\(goal.head) is on: installing it", mayEndReports: false)
  }

  package func perform(
    in world: inout FakeWorld, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    try world.ensureClone(goal, on: host, secrets)
  }
}

extension EnsureCloneAbsent: MemoryOperation {
  package var conduct: MemoryConduct { .short(.milliseconds(100), mayEndReports: false) }

  package func perform(
    in world: inout FakeWorld, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    world.ensureCloneAbsent(head: head, on: host)
  }
}

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

extension EnsureCloneNoted: MemoryOperation {
  package var conduct: MemoryConduct { .short(.milliseconds(100), mayEndReports: false) }

  package func perform(
    in world: inout FakeWorld, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    world.ensureCloneNoted(head: head, on: host)
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

extension EnsureCIB: MemoryOperation {
  package var conduct: MemoryConduct { .short(.seconds(3), mayEndReports: true) }

  package func perform(
    in world: inout FakeWorld, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    try world.ensureCIB(goal, on: host)
  }
}

extension EnsureFencingProven: MemoryOperation {
  package var conduct: MemoryConduct { .short(.seconds(1), mayEndReports: false) }

  package func perform(
    in world: inout FakeWorld, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    try world.ensureFencingProven(goal, on: host, secrets)
  }
}

extension EnsureFenceTested: MemoryOperation {
  package var conduct: MemoryConduct { .short(.seconds(60), mayEndReports: true) }

  package func perform(
    in world: inout FakeWorld, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    try world.ensureFenceTested(goal, on: host, secrets)
  }
}

extension EnsureServicesOn: MemoryOperation {
  package var conduct: MemoryConduct { .short(.seconds(6), mayEndReports: true) }

  package func perform(
    in world: inout FakeWorld, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    try world.moveServices(goal, by: host)
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension EnsureHostname: MachineOperation {
  package var usualTime: Duration { .milliseconds(5) }
  package var mayEndReports: Bool { false }
  func perform(in machine: inout FakeMachine, _ secrets: Secrets) throws(AgentError) -> Outcome {
    machine.ensureHostname(goal)
  }
}

extension EnsureCapture: MemoryOperation {
  package var usualTime: Duration { .seconds(40) }
  package var begins: String? { nil }
  package var mayEndReports: Bool { false }
  package func begin(in world: inout FakeWorld, on host: HostID, _ secrets: Secrets) {}
  package var assumption: (@Sendable (inout FakeWorld) -> Void)? { nil }

  package func perform(
    in world: inout FakeWorld, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    world.ensureCapture(goal, on: host)
  }
}

extension EnsureClone: MemoryOperation {
  package var usualTime: Duration { .seconds(110) }
  package var begins: String? { "\(goal.head) is on: installing it" }
  package var mayEndReports: Bool { false }
  package func begin(in world: inout FakeWorld, on host: HostID, _ secrets: Secrets) {}
  package var assumption: (@Sendable (inout FakeWorld) -> Void)? { nil }

  package func perform(
    in world: inout FakeWorld, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    try world.ensureClone(goal, on: host, secrets)
  }
}

extension EnsureCloneAbsent: MemoryOperation {
  package var usualTime: Duration { .milliseconds(100) }
  package var begins: String? { nil }
  package var mayEndReports: Bool { false }
  package func begin(in world: inout FakeWorld, on host: HostID, _ secrets: Secrets) {}
  package var assumption: (@Sendable (inout FakeWorld) -> Void)? { nil }

  package func perform(
    in world: inout FakeWorld, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    world.ensureCloneAbsent(head: head, on: host)
  }
}

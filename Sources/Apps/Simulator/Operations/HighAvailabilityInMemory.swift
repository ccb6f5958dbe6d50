// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension EnsureCIB: MemoryOperation {
  package var usualTime: Duration { .seconds(3) }
  package var begins: String? { nil }
  package var mayEndReports: Bool { true }
  package func begin(in world: inout FakeWorld, on host: HostID, _ secrets: Secrets) {}
  package var assumption: (@Sendable (inout FakeWorld) -> Void)? { nil }

  package func perform(
    in world: inout FakeWorld, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    try world.ensureCIB(goal, on: host)
  }
}

extension EnsureFencingProven: MemoryOperation {
  package var usualTime: Duration { .seconds(1) }
  package var begins: String? { nil }
  package var mayEndReports: Bool { false }
  package func begin(in world: inout FakeWorld, on host: HostID, _ secrets: Secrets) {}
  package var assumption: (@Sendable (inout FakeWorld) -> Void)? { nil }

  package func perform(
    in world: inout FakeWorld, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    try world.ensureFencingProven(goal, on: host, secrets)
  }
}

extension EnsureServicesOn: MemoryOperation {
  package var usualTime: Duration { .seconds(6) }
  package var begins: String? { nil }
  package var mayEndReports: Bool { true }
  package func begin(in world: inout FakeWorld, on host: HostID, _ secrets: Secrets) {}
  package var assumption: (@Sendable (inout FakeWorld) -> Void)? { nil }

  package func perform(
    in world: inout FakeWorld, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    try world.moveServices(goal, by: host)
  }
}

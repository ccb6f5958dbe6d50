// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension EnsurePower: MemoryOperation {
  package var usualTime: Duration { .seconds(4) }
  package var begins: String? { nil }
  package var mayEndReports: Bool { true }
  package func begin(in world: inout FakeWorld, on host: HostID, _ secrets: Secrets) {}
  package var assumption: (@Sendable (inout FakeWorld) -> Void)? { nil }

  package func perform(
    in world: inout FakeWorld, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    try world.switchPower(bmc, state, of: of, on: host, secrets)
  }
}

extension EnsurePowerCycled: MemoryOperation {
  package var usualTime: Duration { .seconds(8) }
  package var begins: String? { nil }
  package var mayEndReports: Bool { true }
  package func begin(in world: inout FakeWorld, on host: HostID, _ secrets: Secrets) {}
  package var assumption: (@Sendable (inout FakeWorld) -> Void)? { nil }

  package func perform(
    in world: inout FakeWorld, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    try world.ensurePowerCycled(self, on: host, secrets)
  }
}

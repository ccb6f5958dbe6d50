// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

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

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

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

extension EnsureServicesOn: MemoryOperation {
  package var conduct: MemoryConduct { .short(.seconds(6), mayEndReports: true) }

  package func perform(
    in world: inout FakeWorld, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    try world.moveServices(goal, by: host)
  }
}

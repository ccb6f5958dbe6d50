// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension EnsureImage: MemoryOperation {
  package var conduct: MemoryConduct {
    .long(.seconds(90), begins: "building \(goal.name)/\(goal.digest)", mayEndReports: false)
  }

  package func perform(
    in world: inout FakeWorld, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    try world.ensureImage(goal, on: host)
  }
}

extension EnsureImageFetched: MemoryOperation {
  package var conduct: MemoryConduct { .short(.seconds(6), mayEndReports: false) }

  package func perform(
    in world: inout FakeWorld, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    try world.ensureImageFetched(name: name, digest: digest, from: source, on: host)
  }
}

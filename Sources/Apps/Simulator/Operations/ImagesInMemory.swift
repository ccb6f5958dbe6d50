// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension EnsureImage: MemoryOperation {
  package var usualTime: Duration { .seconds(90) }
  package var begins: String? { "building \(goal.name)/\(goal.digest)" }
  package var mayEndReports: Bool { false }
  package func begin(in world: inout FakeWorld, on host: HostID, _ secrets: Secrets) {}
  package var assumption: (@Sendable (inout FakeWorld) -> Void)? { nil }

  package func perform(
    in world: inout FakeWorld, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    try world.ensureImage(goal, on: host)
  }
}

extension EnsureImageFetched: MemoryOperation {
  package var usualTime: Duration { .seconds(6) }
  package var begins: String? { nil }
  package var mayEndReports: Bool { false }
  package func begin(in world: inout FakeWorld, on host: HostID, _ secrets: Secrets) {}
  package var assumption: (@Sendable (inout FakeWorld) -> Void)? { nil }

  package func perform(
    in world: inout FakeWorld, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    try world.ensureImageFetched(name: name, digest: digest, from: source, on: host)
  }
}

extension EnsureImageAbsent: MemoryOperation {
  package var usualTime: Duration { .milliseconds(100) }
  package var begins: String? { nil }
  package var mayEndReports: Bool { false }
  package func begin(in world: inout FakeWorld, on host: HostID, _ secrets: Secrets) {}
  package var assumption: (@Sendable (inout FakeWorld) -> Void)? { nil }

  package func perform(
    in world: inout FakeWorld, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    world.ensureImageAbsent(name: name, digest: digest, on: host)
  }
}

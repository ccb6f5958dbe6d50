// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension EnsureNode: MemoryOperation {
  package var usualTime: Duration { .seconds(3) }
  package var begins: String? { "switching \(goal.node) on" }
  package var mayEndReports: Bool { false }
  package func begin(in world: inout FakeWorld, on host: HostID, _ secrets: Secrets) throws(AgentError) {
    try world.begin(goal, on: host, secrets)
  }
  /// Nodes boot and report to whoever serves them: ten thousand one by one take minutes even in memory.
  package var assumption: (@Sendable (inout FakeWorld) -> Void)? {
    { world in
      world.nodes[goal.node]?.image = goal.image
      world.nodes[goal.node]?.server = goal.server
      if let bmc = goal.bmc { world.boards[bmc.address]?.power = .on }
    }
  }

  package func perform(
    in world: inout FakeWorld, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    try begin(in: &world, on: host, secrets)
    return try world.ensureNode(goal, on: host, secrets)
  }
}

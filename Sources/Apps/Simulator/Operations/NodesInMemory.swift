// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension EnsureNode: MemoryOperation {
  package var conduct: MemoryConduct {
    MemoryConduct(
      .seconds(3), begins: "switching \(goal.node) on", mayEndReports: false,
      beginning: { [goal] world, host, secrets throws(AgentError) in try world.begin(goal, on: host, secrets) },
      // Nodes boot and report to whoever serves them: ten thousand one by one take minutes even in memory.
      assumption: { [goal] world in
        world.nodes[goal.node]?.image = goal.image
        world.nodes[goal.node]?.server = goal.server
        if let bmc = goal.bmc { world.boards[bmc.address]?.power = .on }
      })
  }

  package func perform(
    in world: inout FakeWorld, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    try world.begin(goal, on: host, secrets)
    return try world.ensureNode(goal, on: host, secrets)
  }
}

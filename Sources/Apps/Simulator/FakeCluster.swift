// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// A site in memory. Everything that happens is a synchronous change of one value, so that runs can be repeated
/// exactly.
package actor FakeCluster {
  package private(set) var world: FakeWorld

  package init(_ world: FakeWorld) { self.world = world }

  package nonisolated func host(_ id: HostID) -> FakeHost { FakeHost(id: id, cluster: self) }

  /// Drift, faults, time: whatever happens to a site by itself.
  package func change<Value: Sendable>(_ body: @Sendable (inout FakeWorld) -> Value) -> Value { body(&world) }

  func attempt<Value: Sendable>(
    _ body: @Sendable (inout FakeWorld) throws(AgentError) -> Value
  ) throws(AgentError) -> Value {
    world.undoOverdue()
    world.comeUp()
    return try body(&world)
  }
}

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

/// A host in memory, by the rules of the real agent.
package struct FakeHost: ManagedHost {
  package let id: HostID
  package let cluster: FakeCluster

  package init(id: HostID, cluster: FakeCluster) {
    self.id = id
    self.cluster = cluster
  }

  /// A machine of its own, in a site where it is alone.
  package init(_ id: HostID, _ machine: FakeMachine? = nil) {
    var world = FakeWorld()
    world.machines[id] = machine ?? FakeMachine(hostname: id.name)
    self.init(id: id, cluster: FakeCluster(world))
  }

  package func answer(_ probes: [AnyProbe], secrets: Secrets) async throws(AgentError) -> [AnyProbe: AnyAnswer] {
    try await cluster.attempt { (world) throws(AgentError) in
      try world.answers(probes, on: id, secrets)
    }
  }

  package func operations() async throws(AgentError) -> Set<String> {
    try await cluster.attempt { (world) throws(AgentError) in
      Set(MemoryCatalog.operations.names).subtracting(try world.machine(id).faults.unableTo)
    }
  }

  package func perform(
    _ operation: AnyOperation, secrets: Secrets, run: RunToken, progress: @escaping @Sendable (String) -> Void
  ) async throws(AgentError) -> Outcome {
    try await cluster.attempt { (world) throws(AgentError) in
      var machine = try world.machine(id)
      try machine.lease.renew(run, now: world.now)
      try machine.guarding(operation, run, now: world.now)
      world.machines[id] = machine
      let outcome = try world.guarded(operation, on: id, secrets, run)
      if outcome.changed { world.effects.append("\(id) \(operation.name) \(operation.target)") }
      progress(outcome.detail)
      return outcome
    }
  }

  package func confirm(_ change: PendingChange.ID, run: RunToken) async throws(AgentError) -> Outcome {
    try await cluster.attempt { (world) throws(AgentError) in
      var machine = try world.machine(id)
      let outcome = try machine.confirm(change, now: world.now)
      world.machines[id] = machine
      return outcome
    }
  }

  package func lease() async throws(AgentError) -> LeaseState {
    try await cluster.attempt { (world) throws(AgentError) in
      let machine = try world.machine(id)
      var state = machine.lease.state(now: world.now)
      state.pending = machine.deadMan.pending(now: world.now)
      return state
    }
  }

  package func claim(_ run: RunToken) async throws(AgentError) {
    try await cluster.attempt { (world) throws(AgentError) in
      var machine = try world.machine(id)
      try machine.lease.claim(run, now: world.now)
      world.machines[id] = machine
    }
  }

  package func release(_ run: RunToken) async throws(AgentError) {
    try await cluster.attempt { (world) throws(AgentError) in
      var machine = try world.machine(id)
      machine.lease.release(run)
      world.machines[id] = machine
    }
  }

  package func close() async {}
}

/// The secrets of a fake site: every one that is asked for is there. One that we generate is made at first need.
package final class FakeSecrets: SecretStore {
  package init() {}

  package func value(_ ref: SecretRef) throws(AgentError) -> [UInt8]? { FakeWorld.password(ref) }
  package func valueMakingIfGenerated(_ ref: SecretRef) throws(AgentError) -> [UInt8]? { FakeWorld.password(ref) }
}

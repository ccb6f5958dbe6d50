// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

/// An operation that machines in memory can do, by the rules of the real agent.
package protocol MemoryOperation: HostOperation {
  /// How long it takes on an ordinary machine when there is something to do.
  var usualTime: Duration { get }
  /// The progress message of an agent that has begun something long; nil for what takes no time.
  var begins: String? { get }
  /// Whether nodes may not be heard any more afterwards. One that is to restart is heard as that begins.
  var mayEndReports: Bool { get }
  /// The first half of what takes long: a machine that is to restart is away from here on.
  func begin(in world: inout FakeWorld, on host: HostID, _ secrets: Secrets) throws(AgentError)
  /// Does it, or finds that it is done already.
  func perform(in world: inout FakeWorld, on host: HostID, _ secrets: Secrets) throws(AgentError) -> Outcome
  /// A shortcut to the world as it is once it is done; nil where performing it takes no time in memory.
  var assumption: (@Sendable (inout FakeWorld) -> Void)? { get }
}

/// The operations that machines in memory can do: the tests compare them with what an agent can.
extension MemoryCatalog {
  package static let operations = OperationCatalog(OperationCatalog.all.types.filter { $0 is any MemoryOperation.Type })
}

/// An operation that is done by one machine, at once.
protocol MachineOperation: MemoryOperation {
  func perform(in machine: inout FakeMachine, _ secrets: Secrets) throws(AgentError) -> Outcome
}

extension MachineOperation {
  package var begins: String? { nil }
  package func begin(in world: inout FakeWorld, on host: HostID, _ secrets: Secrets) {}
  package var assumption: (@Sendable (inout FakeWorld) -> Void)? { nil }

  package func perform(
    in world: inout FakeWorld, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    guard var machine = world.machines[host] else {
      throw AgentError(.unreachable, "\(host) does not exist", next: "Add it to the fake site.")
    }
    do throws(AgentError) {
      let outcome = try perform(in: &machine, secrets)
      world.machines[host] = machine
      world.settle()
      return outcome
    } catch {
      // What went wrong half-way leaves what was done before, as on a real disk.
      world.machines[host] = machine
      throw error
    }
  }
}

extension AnyOperation {
  /// The operation as machines in memory do it.
  package var inMemory: any MemoryOperation {
    get throws(AgentError) {
      if let own = base as? any MemoryOperation { return own }
      throw AgentError(
        .protocolMismatch, "Machines in memory cannot do \(name)", next: "Write how, as a MemoryOperation.")
    }
  }
}

extension FakeWorld {
  package mutating func perform(
    _ operation: AnyOperation, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    if machines[host]?.faults.unableTo.contains(operation.name) == true {
      throw AgentError(
        .protocolMismatch, "The agent cannot do \(operation.name)",
        next: "Use the cluster and cluster-agent of one build.")
    }
    let operation = try operation.inMemory
    if operation.mayEndReports { hear() }
    return try operation.perform(in: &self, on: host, secrets)
  }

  /// The first half of what takes long.
  package mutating func begin(_ operation: AnyOperation, on host: HostID, _ secrets: Secrets) throws(AgentError) {
    try operation.inMemory.begin(in: &self, on: host, secrets)
  }
}

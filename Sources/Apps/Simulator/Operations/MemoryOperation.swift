// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

/// An operation that machines in memory can do, by the rules of the real agent.
package protocol MemoryOperation: HostOperation {
  var conduct: MemoryConduct { get }
  /// Does it, or finds that it is done already.
  func perform(in world: inout FakeWorld, on host: HostID, _ secrets: Secrets) throws(AgentError) -> Outcome
}

/// The visible conduct of an operation while it is done, beside its outcome.
package struct MemoryConduct: Sendable {
  package typealias Beginning = @Sendable (inout FakeWorld, HostID, Secrets) throws(AgentError) -> Void

  /// The time it takes on an ordinary machine when there is something to do.
  package var usualTime: Duration
  /// The progress message of an agent that has begun something long.
  package var begins: String?
  /// Whether nodes may not be heard any more afterwards. One that is to restart is heard as that begins.
  package var mayEndReports: Bool
  /// The first half of what takes long: a machine that is to restart is away from here on.
  package var beginning: Beginning?
  /// A shortcut to the world as it is once it is done; nil where performing it takes no time in memory.
  package var assumption: (@Sendable (inout FakeWorld) -> Void)?

  package init(
    _ usualTime: Duration, begins: String?, mayEndReports: Bool, beginning: Beginning?,
    assumption: (@Sendable (inout FakeWorld) -> Void)?
  ) {
    self.usualTime = usualTime
    self.begins = begins
    self.mayEndReports = mayEndReports
    self.beginning = beginning
    self.assumption = assumption
  }

  /// One that says nothing before it is done, and changes nothing until then.
  package static func short(_ usualTime: Duration, mayEndReports: Bool) -> MemoryConduct {
    MemoryConduct(usualTime, begins: nil, mayEndReports: mayEndReports, beginning: nil, assumption: nil)
  }

  /// One that says what it has begun, and changes nothing until it is done.
  package static func long(_ usualTime: Duration, begins: String, mayEndReports: Bool) -> MemoryConduct {
    MemoryConduct(usualTime, begins: begins, mayEndReports: mayEndReports, beginning: nil, assumption: nil)
  }
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
    if operation.conduct.mayEndReports { hear() }
    return try operation.perform(in: &self, on: host, secrets)
  }

  /// The first half of what takes long.
  package mutating func begin(_ operation: AnyOperation, on host: HostID, _ secrets: Secrets) throws(AgentError) {
    try operation.inMemory.conduct.beginning?(&self, host, secrets)
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Execution
import Features
import Reconciler
import Simulator
import Synchronization

/// Descriptions tried on machines in memory, where nothing goes wrong: from blank machines, one after the other.
package final class Rehearsal {
  private let loop = EventLoop(seed: 1)
  private let site: VirtualSite
  private let admin: AdminMachine

  /// - Parameter cluster: the first description; its machines are as they come out of their boxes.
  package init(_ cluster: Cluster) {
    site = VirtualSite(FakeWorld(cluster), in: loop, seed: 1)
    admin = AdminMachine("simulated", of: site, history: MemoryHistory(), random: SplitMix(seed: 1))
  }

  /// What a run would do now.
  package func plan(_ specification: Specification, _ cluster: Cluster) throws -> Proposal {
    try result(cluster) { over in
      _ = admin.plan(
        Description(specification, cluster, Expansion.expand(cluster, specification.files)), whenOver: over)
    }.get()
  }

  /// A whole run, in virtual time.
  ///
  /// - Parameter told: what happens, with the time since the machines were switched on.
  package func apply(
    _ specification: Specification, _ cluster: Cluster, told: @escaping @Sendable (Duration, RunEvent) -> Void
  ) throws -> AdminMachine.Verdict {
    try result(cluster) { over in
      let description = Description(specification, cluster, Expansion.expand(cluster, specification.files))
      _ = admin.apply(description, events: { [loop] event in told(loop.now, event) }, whenOver: over)
    }
  }

  private func result<Value: Sendable>(
    _ cluster: Cluster, _ start: (@escaping @Sendable (Value) -> Void) -> Void
  ) throws -> Value {
    site.change("machines of the description are there") { $0.unpack(cluster) }
    let result = Mutex<Value?>(nil)
    start { value in result.withLock { $0 = value } }
    let ending = loop.run(atMost: 100_000_000) { result.withLock { $0 != nil } }
    guard let value = result.withLock({ $0 }) else {
      throw Violation(rule: .ends, words: "the simulated run does not end (\(ending)): report it with the description")
    }
    return value
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Synchronization
import Testing
import Wings

@testable import AgentServer

/// Many nodes are worked on in bounded batches, each once.
@Suite struct NodeBatchTests {
  private struct Count {
    var now = 0
    var most = 0
    var all = 0
  }

  @Test(arguments: [0, 1, 63, 1000]) func aBoundedNumberIsAtWork(_ count: Int) async {
    let nodes = (0..<count).map { NodePlace(name: HostID("node\($0)"), address: IPv4Address(bits: UInt32($0))) }
    let counted = Mutex(Count())
    let told = Mutex(0)

    let names = await NodeBatch.each(nodes) { _ in
      told.withLock { $0 += 1 }
    } _: { node in
      counted.withLock {
        $0.now += 1
        $0.all += 1
        $0.most = max($0.most, $0.now)
      }
      await Task.yield()
      counted.withLock { $0.now -= 1 }
      return node.name
    }

    #expect(names == nodes.map(\.name), "in their order")
    let seen = counted.withLock { $0 }
    #expect(seen.all == count && seen.now == 0 && seen.most <= NodePlace.atOnce)
    #expect(told.withLock { $0 } == max(0, (count - 1) / NodePlace.atOnce), "a line for each batch but the last")
  }
}

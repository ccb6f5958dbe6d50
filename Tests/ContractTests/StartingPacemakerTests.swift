// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker
import Simulator
import Testing
import Wings

/// Pacemaker in memory as it starts: it takes over only what it knows to be free.
@Suite struct StartingPacemakerTests {
  /// Both were stopped in maintenance mode, and somebody has taken that out of the CIB on the disks.
  private func stopped() async throws -> FakeContractSite {
    let site = try await FakeContractSite()
    let heads = site.cluster.heads.map(\.name)
    await site.machines.change { world in
      world.cib = world.cib?.paused(true)
      world.settle()
      for head in heads { world.machines[head]?.units["pacemaker.service"]?.active = "inactive" }
      world.settle()
      world.cib = world.cib?.paused(false)
    }
    return site
  }

  @Test(arguments: [["head1", "head2"], ["head2", "head1"]])
  func noAddressIsOnTwoHeadsWhicheverStartsFirst(_ order: [HostID]) async throws {
    let site = try await stopped()
    let addresses = try #require(site.cluster.ha?.addresses.map(\.address))

    for head in order {
      await site.machines.change { world in
        world.machines[head]?.units["pacemaker.service"]?.active = "active"
        world.settle()
      }

      let world = await site.machines.world
      for address in addresses {
        let holders = world.machines.filter { $0.value.holds(address) }.keys.sorted()
        #expect(holders == ["head1"], "\(address) once Pacemaker runs on \(head)")
      }
    }
  }
}

extension CIBDocument {
  fileprivate func paused(_ pause: Bool) -> CIBDocument? {
    let option = CIBDocument.option("maintenance-mode", "\(pause)")
    return try? applying(CIBGoal(elements: [option], removed: [], members: []))
  }
}

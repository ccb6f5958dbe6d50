// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import HostContract
import Simulator
import Testing
import Wings

/// The contract, held by the simulator's host.
@Suite struct FakeHostTests {
  @Test(arguments: Contract.all)
  func holds(_ contract: Contract) async throws { try await Self.hold(contract, ContractWatch()) }

  static func hold(_ contract: Contract, _ watch: ContractWatch) async throws {
    let fake = FakeHost("head1", debian)
    let note = { @Sendable (record: CloneRecord) async in
      await fake.cluster.change { world in
        world.machines["head1"]?.clones[record.head] = record
        world.machines["head1"]?.captures.insert(record.head)
      }
    }
    let watched = WatchedHost(fake, watch)
    try await ContractHost.using(watched, tick: { await fake.cluster.change { $0.now += 1 } }, note: note) { host in
      try await contract.check(host)
    }
  }

  @Test func everyProbeIsAnsweredByMachinesInMemory() {
    #expect(MemoryCatalog.probes.names == ProbeCatalog.all.names)
  }

  @Test func machinesInMemoryCanDoWhatAnAgentCan() {
    #expect(MemoryCatalog.operations.names == OperationCatalog.all.names)
  }

  /// A machine as a plain Debian is: some files, some packages, one interface.
  private static var debian: FakeMachine {
    var machine = FakeMachine(
      hostname: "debian", links: [LinkState(name: "eth0", mac: nil, up: true, addresses: [], gateways: [])])
    for path in ["/etc/issue", "/etc/issue.net", "/etc/hostname"] {
      machine.files[path] = .init(bytes: Array("Debian\n".utf8))
    }
    machine.symbolicLinks["/etc/os-release"] = "../usr/lib/os-release"
    machine.installed["ca-certificates"] = "20230311"
    return machine
  }
}

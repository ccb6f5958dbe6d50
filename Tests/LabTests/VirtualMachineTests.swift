// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Testing

@testable import Lab

/// What QEMU is told, and what it is not asked for.
struct VirtualMachineTests {
  private func cluster(_ cards: [String] = ["enp0s3", "enp0s4"]) throws -> Cluster {
    var cluster = try ExampleCluster.make()
    cluster.heads[1].firmware = .uefi
    for (index, name) in cards.enumerated() { cluster.heads[1].nics[index].name = name }
    return cluster
  }

  private func arguments(_ order: [MachineStatus.Source], of cluster: Cluster) throws -> [String] {
    let site = LabSite(
      cluster: cluster, id: "abc123", spec: "/x/cluster.yaml", program: "/x/cluster", virtual: ["head2"])
    let machine = try #require(site.machine("head2"))
    return VirtualMachine(firmware: Firmware(machine, of: site)).arguments(order: order)
  }

  @Test func aHeadBootsByUEFIFromItsDiskAndOnceFromTheNetwork() throws {
    let cluster = try cluster()
    let usual = try arguments([.disk, .network], of: cluster)
    #expect(usual.contains("nvme,drive=disk,serial=head2,bootindex=0"))
    #expect(usual.contains("virtio-net-pci,netdev=net0,mac=52:54:00:01:00:02,addr=0x3,romfile=,bootindex=1"))
    #expect(usual.contains { $0.hasSuffix("file=/var/lib/cluster-lab/abc123/machines/head2/uefi-variables.fd") })
    let once = try arguments([.network], of: cluster)
    #expect(once.contains("nvme,drive=disk,serial=head2") && !once.contains { $0.contains("bootindex=0") })
  }

  @Test func withoutUEFIItIsBIOSAsForNodes() throws {
    var cluster = try cluster()
    cluster.heads[1].firmware = .auto
    let arguments = try arguments([.network], of: cluster)
    #expect(!arguments.contains { $0.contains("bootindex") || $0.contains("pflash") } && arguments.last == "order=n")
  }

  @Test(arguments: [
    ("enp0s3", 3), ("enp0s30", 30), ("enp0s31", nil), ("enp0s03", nil), ("enp0s0", nil), ("eth0", nil),
    ("enp1s3", nil),
  ])
  func cardsAreNamedByTheirSlot(_ name: String, _ slot: Int?) { #expect(LabMachine.Port.slot(name) == slot) }

  @Test func onlyWhatCanBeEmulatedIs() throws {
    func refusal(_ names: Set<HostID>, _ cards: [String] = ["enp0s3", "enp0s4"]) throws -> String? {
      let machines = VirtualMachines(names: names, cluster: try cluster(cards))
      do throws(AgentError) {
        try machines.check()
        return nil
      } catch { return error.message }
    }
    #expect(try refusal(["node1", "head2"]) == nil)
    #expect(try refusal(["head3"]) == "cluster.yaml has no machine head3")
    #expect(try refusal(["head1"]) == "head1 cannot be a virtual machine")
    #expect(try refusal(["head2"], ["eth0", "enp0s4"]) == "A virtual machine has no card eth0")
  }
}

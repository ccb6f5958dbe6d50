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

  @Test func aHeadThatNobodyHasInstalledHasItsKernelFromTheLab() throws {
    var cluster = try cluster()
    cluster.heads[1].cloneOf = nil
    cluster.ha = try policy(["head2": "/dev/disk/by-id/virtio-state"])
    let usual = try arguments([.disk, .network], of: cluster)
    #expect(usual.contains("nvme,drive=disk,serial=head2") && !usual.contains { $0.contains("data.img") })
    #expect(usual.contains("virtio-blk-pci,drive=state,serial=state"))
    #expect(usual.suffix(2) == ["-append", DebianDisk.words] && usual.contains { $0.hasSuffix("/vmlinuz") })
    // Its BMC has asked for the network, once.
    #expect(try arguments([.network], of: cluster).contains("-kernel") == false)
  }

  private func policy(_ disks: [HostID: String]) throws -> HighAvailabilityPolicy {
    let source = try cluster().source
    var policy = HighAvailabilityPolicy(
      addresses: [], services: [], monitor: .init(every: .seconds(10), timeout: .seconds(10), restarts: 3),
      failback: .manual, heartbeat: .init(links: ["private"], detect: .seconds(1)), fencing: true, source: source,
      sources: [:])
    policy.state = .init(
      path: "/srv/state", mount: nil,
      replica: .init(network: "private", backend: .drbd, disks: disks, wipe: false), source: source)
    return policy
  }

  @Test(arguments: [
    ("/dev/disk/by-id/virtio-state", "state"), ("/dev/disk/by-id/virtio-", nil), ("/dev/vdb", nil),
    ("/dev/disk/by-id/virtio-a,b", nil), ("/dev/disk/by-id/virtio-a-name-that-is-too-long", nil),
  ])
  func disksForDRBDAreNamedByTheirSerialNumber(_ path: String, _ serial: String?) {
    #expect(LabMachine.serial(ofDisk: path) == serial)
  }

  @Test(arguments: [
    ("enp0s3", 3), ("enp0s30", 30), ("enp0s31", nil), ("enp0s03", nil), ("enp0s0", nil), ("eth0", nil),
    ("enp1s3", nil),
  ])
  func cardsAreNamedByTheirSlot(_ name: String, _ slot: Int?) { #expect(LabMachine.Port.slot(name) == slot) }

  @Test func onlyWhatCanBeEmulatedIs() throws {
    func refusal(
      _ names: Set<HostID>, _ cards: [String] = ["enp0s3", "enp0s4"], disk: String? = nil
    ) throws -> String? {
      var cluster = try cluster(cards)
      if let disk { cluster.ha = try policy(["head2": disk]) }
      let machines = VirtualMachines(names: names, cluster: cluster)
      do throws(AgentError) {
        try machines.check()
        return nil
      } catch { return error.message }
    }
    #expect(try refusal(["node1", "head2"]) == nil)
    #expect(try refusal(["head3"]) == "cluster.yaml has no machine head3")
    #expect(
      try refusal(["head1"]) == "head1 cannot be a virtual machine beside head2, which is a container")
    #expect(try refusal(["head1", "head2"]) == "A virtual machine has no card eth0, eth1")
    #expect(try refusal(["head2"], disk: "/dev/vdb") == "A virtual machine has no disk /dev/vdb")
    #expect(try refusal(["head2"], disk: "/dev/disk/by-id/virtio-state") == nil)
    #expect(try refusal(["head2"], ["eth0", "enp0s4"]) == "A virtual machine has no card eth0")
  }
}

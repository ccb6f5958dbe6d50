// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Testing

@testable import Lab

struct LabSiteTests {
  private func site(_ scope: LabSite.Scope = .all, id: String = "abc123") throws -> LabSite {
    LabSite(cluster: try ExampleCluster.make(), id: id, spec: "/x/cluster.yaml", program: "/x/cluster", scope: scope)
  }

  @Test func onlyThePrimaryHeadHasASystemToBoot() throws {
    let machines = try site().machines

    #expect(machines.map(\.name.name) == ["head1", "head2", "node1", "node2"])
    #expect(machines.map(\.disk) == [.debian, .empty, .none, .none])
  }

  @Test func headsAloneOnRequest() throws {
    #expect(try site(.heads).machines.map(\.role) == [.head, .head])
  }

  @Test func theLabIsGatewayBMCsOrOneMoreMachine() throws {
    let networks = try site().networks

    #expect(networks[0].addresses == ["198.51.100.1/24"])
    // The highest address that neither the spec nor the dynamic range uses.
    #expect(networks[1].addresses == ["10.1.255.0/16"])
    #expect(networks[2].addresses == ["10.3.0.1/16", "10.3.0.2/16", "10.3.1.1/16", "10.3.1.2/16"])
  }

  @Test func twoLabsShareNoNameButTheirMachinesKeepTheirMACs() throws {
    let (one, two) = (try site(id: "aaaaaa"), try site(id: "bbbbbb"))

    #expect(one.namespace != two.namespace)
    #expect(one.controlGroup != two.controlGroup)
    #expect(one.stateDirectory != two.stateDirectory)
    #expect(one.networks.map(\.mac) != two.networks.map(\.mac))
    #expect(one.machines.map(\.ports) == two.machines.map(\.ports))
  }

  @Test func interfaceNamesFitTheKernelsLimitAndAreUnique() throws {
    let site = try site()
    let names = site.machines.flatMap { $0.ports.map(\.peer) } + site.networks.map(\.bridge)

    #expect(names.allSatisfy { $0.utf8.count <= 15 })
    #expect(Set(names).count == names.count)
  }

  @Test func addingAMachineRenamesNoOther() throws {
    var cluster = try ExampleCluster.make(nodes: 3)
    let before = LabSite(cluster: cluster, id: "abc123", spec: "", program: "")
    cluster.nodes.removeFirst()
    cluster.networks.swapAt(0, 2)
    let after = LabSite(cluster: cluster, id: "abc123", spec: "", program: "")

    #expect(after.machines.allSatisfy { before.machine($0.name)?.ports == $0.ports })
    #expect(after.networks.allSatisfy { before.network($0.name)?.bridge == $0.bridge })
    #expect(LabSite.interface("a-machine-with-a-long-name-eth0").utf8.count == 15)
  }

  @Test func aCardWithoutMACGetsAStableUnicastOne() throws {
    let mac = try #require(try site().machine("head1")?.ports[1].mac)

    #expect(mac == (try site().machine("head1")?.ports[1].mac))
    #expect(!mac.isMulticast)
    #expect(mac.bits >> 40 & 2 == 2)
  }

  @Test func sshReachesMachinesByNameAndByAddress() throws {
    let lines = try site().sshConfiguration.split(separator: "\n").map(String.init)

    #expect(lines.contains("Host head1"))
    #expect(lines.contains("  HostName 10.1.0.1"))
    #expect(
      lines.contains("  ProxyCommand nsenter --net=/run/netns/cl-abc123 socat - TCP:%h:%p,connect-timeout=5,nodelay"))
  }
}

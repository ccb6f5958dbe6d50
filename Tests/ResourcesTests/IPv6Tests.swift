// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Simulator
import TestKit
import Testing

@testable import Wings

/// IPv6 of public networks: the files of heads, names, rules, Pacemaker's resources, and the plans to them and back.
@Suite struct IPv6Tests {
  /// The example with IPv6 on its public network.
  static func described(_ site: SimulatedSite, gateway: String = "2001:db8:1::1") throws {
    try site.edit(
      "dns: [198.51.100.1]\n",
      """
      dns: [198.51.100.1, 2001:db8:1::53]
          ipv6: { cidr: 2001:db8:1::/64, gateway: \(gateway) }

      """)
    for number in 1...2 {
      try site.edit("address: 198.51.100.1\(number),", "address: 198.51.100.1\(number), ipv6: 2001:db8:1::1\(number),")
    }
    try site.edit("private: 10.1.0.10 }\n", "private: 10.1.0.10 }\n  ipv6: { public: 2001:DB8:1:0::10 }\n")
  }

  private func resources(
    gateway: String = "2001:db8:1::1", _ edits: (String, String)...
  ) throws -> (Cluster, [Resource]) {
    let site = try SimulatedSite.example()
    try Self.described(site, gateway: gateway)
    for (old, new) in edits { try site.edit(old, new) }
    let cluster = try SimulatedSite.read(site.spec)
    let problems = WingCatalog.problems(of: cluster).filter { $0.severity == .error }
    #expect(problems.isEmpty, "\(problems.map(\.detail))")
    return (cluster, Expansion.expand(cluster, SiteFiles()))
  }

  private func text(_ resources: [Resource], _ path: String) -> String {
    for resource in resources where resource.id.host == "head1" {
      if let link = (resource.desired as? LinkKind.Desired)?.link, LinkKind.path(link.interface) == path {
        return LinkKind.contents(link)
      }
      if let file = (resource.desired as? FileKind.Desired)?.file, file.path == path {
        return String(decoding: file.contents.bytes, as: UTF8.self)
      }
      if let tree = (resource.desired as? TreeKind.Desired)?.tree, path.hasPrefix(tree.root + "/"),
        let entry = tree.files[String(path.dropFirst(tree.root.count + 1))]
      {
        return String(decoding: entry.contents.bytes, as: UTF8.self)
      }
    }
    return ""
  }

  private let card = LinkKind.path("eth1")

  @Test func theCardHasAddressAndRouter() throws {
    expectGolden(text(try resources().1, card), at: "cases/ipv6/eth1.network")
    #expect(!text(try resources().1, LinkKind.path("eth0")).contains("IPv6"), "the boot network is as it was")
    let local = text(try resources(gateway: "fe80::1").1, card)
    #expect(local.contains("\nGateway=fe80::1\nIPv6AcceptRA=no\n"))
  }

  /// Only the router is taken from what it advertises, and without a router nothing.
  @Test func routersMayAdvertiseThemselves() throws {
    expectGolden(text(try resources(gateway: "ra").1, card), at: "cases/ipv6/advertised.network")
    let without = text(try resources((", gateway: 2001:db8:1::1 }", " }")).1, card)
    #expect(without.contains("\nAddress=2001:db8:1::11/64\nIPv6AcceptRA=no\n") && !without.contains("Gateway=2001"))
  }

  @Test func namesHaveBothAddresses() throws {
    let (_, resources) = try resources()
    for path in ["/etc/hosts", "/etc/cluster/hosts/machines"] {
      let lines = text(resources, path).split(separator: "\n")
      for (address, name) in [
        ("198.51.100.11", "head1-public"), ("2001:db8:1::11", "head1-public"), ("2001:db8:1::12", "head2-public"),
        ("198.51.100.10", "alps-public"), ("2001:db8:1::10", "alps-public"),
      ] {
        #expect(lines.contains("\(address) \(name).alps.example.org \(name)"), "\(path): \(name) \(address)")
      }
      #expect(lines.filter { $0.hasSuffix(" alps") }.allSatisfy { !$0.contains("::") }, "nodes have IPv4 alone")
    }
    #expect(text(resources, "/etc/resolv.conf").contains("nameserver 2001:db8:1::53\n"))
    #expect(text(resources, "/etc/dnsmasq.d/cluster.conf").contains("server=2001:db8:1::53\n"))
  }

  @Test func aMachineMayNotBeCalledAsTheServicesAre() throws {
    let site = try SimulatedSite.example()
    try Self.described(site)
    try site.edit("node[001-004]", "\"alps-public,node[002-004]\"")
    let problems = WingCatalog.problems(of: try SimulatedSite.read(site.spec))
    #expect(problems.contains { $0.code == .duplicateName && $0.detail.contains("`alps-public`") }, "\(problems)")
  }

  /// Whoever may come by IPv4 may come by IPv6.
  @Test func rulesAreForBothFamilies() throws {
    let (_, resources) = try resources(
      (
        "timezone: Europe/Zurich\n",
        """
        timezone: Europe/Zurich
        firewall:
          open:
            - { tcp: 443, from: public }
            - { tcp: 8443, from: 2001:DB8:7::/48 }

        """
      ))
    let rules = text(resources, Firewall.file).split(separator: "\n").map { $0.trimmingPrefix { $0 == " " } }
    for rule in [
      #"iifname "eth1" ip saddr 198.51.100.0/24 tcp dport 443 accept comment "open""#,
      #"iifname "eth1" ip6 saddr 2001:db8:1::/64 tcp dport 443 accept comment "open""#,
      #"ip6 saddr 2001:db8:7::/48 tcp dport 8443 accept comment "open""#,
    ] { #expect(rules.contains { $0 == rule }, "\(rule) is not in \(rules)") }
    #expect(!rules.contains { $0.contains("ip6 saddr") && $0.contains("dport 53") }, "nodes have IPv4 alone")
  }

  /// A second port on the network answers by itself, in both families.
  @Test func severalCardsOnOneNetwork() throws {
    let (_, resources) = try resources(
      (
        "eth2: { network: heartbeat, address: 10.2.0.1,",
        "eth5: { network: public, address: 198.51.100.21, ipv6: 2001:db8:1::21 }\n"
          + "      eth2: { network: heartbeat, address: 10.2.0.1,"
      ))
    expectGolden(text(resources, LinkKind.path("eth5")), at: "cases/ipv6/second-port.network")
    #expect(text(resources, card).contains("Gateway=2001:db8:1::1\n"))
  }

  // MARK: Plans

  @Test func added() async throws {
    let site = try await SimulatedSite.appliedExample()
    let before = site.spec
    try Self.described(site)

    try await expectPlan("ipv6-added", site, before)

    let world = await site.site.world
    let service = try #require(IPAddress("2001:db8:1::10"))
    #expect(world.machines.filter { $0.value.holds(service) }.map(\.key) == ["head1"])
    #expect(world.machines["head2"]?.links.first { $0.name == "eth1" }?.ipv6 == ["2001:db8:1::12/64"])
  }

  @Test func dropped() async throws {
    let site = try await SimulatedSite.appliedExample()
    let plain = site.spec
    try Self.described(site)
    try await site.apply()
    let before = site.spec
    site.spec = plain

    try await expectPlan("ipv6-dropped", site, before)

    let world = await site.site.world
    #expect(world.machines.values.allSatisfy { $0.links.allSatisfy { $0.ipv6 == nil && $0.gateways6 == nil } })
  }

  private func expectPlan(_ name: String, _ site: SimulatedSite, _ before: String) async throws {
    let plan = try await site.plan()
    let change = UnifiedDiff.lines(old: before, new: site.spec, context: 0)
    expectGolden((change + [plan.text]).joined(separator: "\n").withoutDigests, at: "cases/\(name)/plan.txt")
    try await site.apply()
    let again = try await site.plan()
    #expect(again.steps.isEmpty && again.blocked.isEmpty, "\(again.text)")
  }

  /// An address or router that is gone is put back; what else the card has is left alone.
  @Test func driftIsMended() async throws {
    let site = try await SimulatedSite.appliedExample()
    try Self.described(site)
    try await site.apply()
    func change(_ body: @escaping @Sendable (inout LinkState) -> Void) async {
      await site.site.change { world in
        guard let index = world.machines["head2"]?.links.firstIndex(where: { $0.name == "eth1" }) else { return }
        if var link = world.machines["head2"]?.links[index] {
          body(&link)
          world.machines["head2"]?.links[index] = link
        }
      }
    }
    await change { $0.ipv6 = ($0.ipv6 ?? []) + ["2001:db8:77::1/64"] }
    #expect(try await site.plan().steps.isEmpty)

    await change { link in
      link.ipv6 = ["2001:db8:77::1/64"]
      link.gateways6 = nil
    }
    let steps = try await site.plan().steps
    #expect(steps.map(\.id.text) == ["link@head2:eth1/apply"])
    #expect(steps.first?.changes == ["+ 2001:db8:1::12/64", "+ default via 2001:db8:1::1"])

    // No step mends a cable.
    await change { $0.up = false }
    #expect(try await site.plan().steps.isEmpty)
  }

  @Test func anAddressOnTheWrongHeadIsTold() async throws {
    let site = try await SimulatedSite.appliedExample()
    try Self.described(site)
    try await site.apply()
    await site.site.change { world in
      guard let index = world.machines["head2"]?.links.firstIndex(where: { $0.name == "eth1" }) else { return }
      world.machines["head2"]?.links[index].ipv6?.append("2001:db8:1::10/64")
    }
    let plan = try await site.plan()
    #expect(
      plan.text.contains("2001:db8:1::10/64 is on head1 and on eth1 of head2 at once"), "\(plan.text)")
  }
}

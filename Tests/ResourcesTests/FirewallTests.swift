// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import Simulator
import TestKit
import Testing

@testable import Wings

/// Ports that wings need, the rules that follow from them, and what a plan says of those that are closed.
@Suite struct FirewallTests {
  private static let asked = """
    timezone: Europe/Zurich
    ntp: { servers: [ntp.example.org] }
    firewall:
      open:
        - { tcp: 443, from: any }
        - { tcp: 8000-8010, udp: 8000, from: 192.0.2.0/24 }
        - { udp: 514, from: private }
        - { tcp: 22, from: bmc }

    """
  private static let services = """
    services:
        - dhcp
        - dns
        - boot
        - { name: license, unit: flexlm.service, check: { tcp: 27000 } }
        - { name: page, unit: page.service, check: { http: http://198.51.100.10:8081/health } }
        - { name: names, unit: names.service, check: { dns: jura.example.org } }
        - { name: solver, unit: solver.service, check: { program: /usr/local/sbin/check-solver } }
    """

  private func cluster(_ edits: (String, String)...) throws -> Cluster {
    let site = try SimulatedSite.example()
    try site.edit("timezone: Europe/Zurich\n", Self.asked)
    try site.edit("services: [dhcp, dns, boot]", Self.services)
    for (old, new) in edits { try site.edit(old, new) }
    return try SimulatedSite.read(site.spec)
  }

  private func rules(_ cluster: Cluster) -> [HostID: String] {
    let files = Expansion.expand(cluster, SiteFiles()).compactMap { resource -> (HostID, String)? in
      guard let file = (resource.desired as? FileKind.Desired)?.file, file.path == Firewall.file,
        case .text(let text) = file.contents
      else { return nil }
      return (resource.id.onlyHost, text)
    }
    return Dictionary(uniqueKeysWithValues: files)
  }

  @Test func theRulesOfEachHead() throws {
    let rules = try rules(cluster())

    expectGolden(rules["head1"] ?? "", at: "cases/firewall/head1.nft")
    let other = try #require(rules["head1"]).replacing("10.1.0.2", with: "10.1.0.1").replacing(
      "10.2.0.2", with: "10.2.0.1")
    #expect(rules["head2"] == other, "heads differ in who the other one is")
  }

  @Test func withoutTheKeyNothingIsTouched() throws {
    let cluster = try SimulatedSite.read(try SimulatedSite.example().spec)

    #expect(rules(cluster).isEmpty)
    #expect(!Expansion.expand(cluster, SiteFiles()).contains { $0.id.kind == FirewallKind.name })
  }

  /// Whatever is asked at a port to be healthy has users who ask it there.
  @Test func everyServiceThatIsAskedAtAPortIsReachable() throws {
    let cluster = try cluster()
    let needed = Publications(cluster, SiteFiles()).firewallNeeds.flatMap(\.ports)
    var asked = 0
    for service in WingCatalog.services(of: cluster) {
      for check in service.checks {
        let ports: [FirewallNeed.Port] =
          switch check {
          case .tcp(let port): [.tcp(port)]
          case .dns: [.udp(53), .tcp(53)]
          case .http(let url): [.tcp(url.contains(":8081") ? 8081 : 80)]
          case .program: []
          }
        asked += ports.count
        for port in ports { #expect(needed.contains { $0.covers(port) }, "\(service.name) at \(port)") }
      }
    }
    #expect(asked >= 6)
  }

  /// The rules know what the files of daemons say: a port that is moved in one place only fails here.
  @Test func whatDaemonsAreToldToListenAtIsOpen() throws {
    let cluster = try cluster()
    let rules = try #require(rules(cluster)["head1"])
    let texts = Expansion.expand(cluster, SiteFiles()).compactMap { resource -> String? in
      guard resource.id.host == "head1", let file = (resource.desired as? FileKind.Desired)?.file,
        case .text(let text) = file.contents
      else { return nil }
      return text
    }
    let listening = texts.flatMap { $0.matches(of: /listen [0-9.]+:([0-9]+)/) }.map { String($0.1) }
    #expect(Set(listening) == ["80", "8080"])
    for port in listening { #expect(rules.contains("tcp dport \(port) accept"), "\(port)") }
    let links = texts.joined().matches(of: /linknumber: ([0-9])/).compactMap { Int($0.1) }
    #expect(links == [0, 1])
    for link in links { #expect(rules.contains("udp dport \(5405 + link) accept")) }
  }

  @Test func aNetworkThatIsNotThereIsRefused() throws {
    let unknown = try cluster(("{ udp: 514, from: private }", "{ udp: 514, from: privat }"))
    let found = WingCatalog.problems(of: unknown).filter { $0.code == .unknownNetwork }
    #expect(found.map(\.detail) == ["There is no network `privat`."])

    let everybody = try cluster(
      ("bmc: { cidr: 10.3.0.0/16 }", "any: { cidr: 10.3.0.0/16 }"), ("from: bmc", "from: any"))
    #expect(WingCatalog.problems(of: everybody).filter { $0.code == .badName }.count == 2)
  }

  /// Switched on, opened further, closed again and dropped; and what nobody will reach is said.
  @Test func plans() async throws {
    let site = try await SimulatedSite.appliedExample()
    await site.site.change { world in
      for head in ["head1", "head2"] as [HostID] {
        world.machines[head]?.files["/etc/systemd/system/page.socket"] = .init(
          bytes: Array("[Socket]\nListenStream=8090\nListenStream=443\n".utf8))
        world.machines[head]?.units["page.socket"] = .init(enabled: true, active: "active")
      }
    }
    let open = "firewall: { open: [{ tcp: 443, from: any }] }\n"
    try await expect("firewall-on", site, "timezone: Europe/Zurich\n", "timezone: Europe/Zurich\n" + open)
    try await expect(
      "firewall-opened", site, "tcp: 443, from: any }", "tcp: 443, from: any }, { tcp: 8090, from: bmc }")
    try await expect("firewall-dropped", site, "firewall: {", "# {")
    for head in ["head1", "head2"] as [HostID] {
      let machine = try #require(await site.site.world.machines[head])
      #expect(machine.files[Firewall.file] == nil && machine.installed["nftables"] == nil)
      #expect(machine.units[Firewall.unit]?.active != "active")
    }
  }

  private func expect(_ name: String, _ site: SimulatedSite, _ old: String, _ new: String) async throws {
    try site.edit(old, new)
    let plan = try await site.plan()
    expectGolden(plan.text.withoutDigests, at: "cases/\(name)/plan.txt")
    let left = try await site.apply(plan)
    #expect(left.isClean, "\(left.text)")
  }

  /// The table is flushed by hand, its file is edited, its unit is stopped: each is loaded again.
  @Test func isMended() async throws {
    let site = try await SimulatedSite.appliedExample()
    try site.edit("timezone: Europe/Zurich\n", "timezone: Europe/Zurich\nfirewall: {}\n")
    try await site.apply()
    let drifts: [@Sendable (inout FakeMachine) -> Void] = [
      { $0.units[Firewall.unit]?.isAltered = true },
      { $0.write(Firewall.file) { $0.replacing("policy drop", with: "policy accept") } },
      { $0.units[Firewall.unit]?.active = "inactive" },
    ]
    var texts: [String] = []
    for drift in drifts {
      await site.site.change { world in
        if var machine = world.machines["head1"] {
          drift(&machine)
          world.machines["head1"] = machine
        }
      }
      let plan = try await site.plan()
      texts.append(plan.text.withoutDigests)
      let left = try await site.apply(plan)
      #expect(left.isClean, "\(left.text)")
    }
    expectGolden(texts.joined(separator: "\n"), at: "cases/drift-firewall/plan.txt")
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import SpecReading
import TestKit
import Testing

@testable import Wings

/// Networks of real sites, and the files that follow from them on heads and nodes.
@Suite struct NetworksTests {
  /// Two heads and two nodes on a private and a public network, with places for more.
  private static func site(
    networks: String = "", private: String = "", nics: String = "", clone: String = "", nodes: String = "",
    node: String = "", more: String = "", addresses: String = ""
  ) -> String {
    """
    version: 1
    cluster: tarn
    domain: tarn.example.org
    networks:
      private: { cidr: 10.141.0.0/16, serves: [dhcp, dns, boot]\(`private`) }
      public: { cidr: 192.0.2.0/24, gateway: 192.0.2.1, dns: [192.0.2.53] }
    \(networks)
    heads:
      head1:
        nics:
          eno1: { network: private, address: 10.141.255.253, mac: 52:54:00:aa:00:01 }
          eno2: { network: public, address: 192.0.2.11 }
    \(nics)
        bmc: { address: 10.141.254.1, user: ADMIN, password: secret:bmc/head1 }
      head2:
        clone_of: head1
        nics:
          eno1: { network: private, address: 10.141.255.252, mac: 52:54:00:ab:00:01 }
          eno2: { network: public, address: 192.0.2.12 }
    \(clone)
        bmc: { address: 10.141.254.2, user: ADMIN, password: secret:bmc/head2 }
    images: { compute: { release: debian/bookworm } }
    nodes:
      - names: node[01-02]
        image: compute
        nics:
          eno1: { network: private, address: 10.141.0.1+, mac: 0c:42:a1:00:00:01+ }
    \(nodes)
    \(node)
    ha:
      addresses: { private: 10.141.255.254, public: 192.0.2.10\(addresses) }
      services: [dhcp, dns, boot]
      heartbeat: { links: [private, public] }
      fencing: { via: bmc }
    \(more)

    """
  }

  /// The files of a machine by path: of a head, and of a node those that come with its identity.
  private func files(_ spec: String, of machine: String) throws -> [String: String] {
    let cluster = try SimulatedSite.read(spec)
    let problems = WingCatalog.problems(of: cluster).filter { $0.severity == .error }
    #expect(problems.isEmpty, "\(problems.map(\.detail))")
    if cluster.nodes.contains(where: { $0.name.name == machine }) {
      let own = Publications(cluster, SiteFiles()).liveFiles.own[HostID(machine)] ?? []
      return Dictionary(uniqueKeysWithValues: own.map { ($0.path, String(decoding: $0.contents.bytes, as: UTF8.self)) })
    }
    var files: [String: String] = [:]
    for resource in Expansion.expand(cluster, SiteFiles()) where resource.id.host == HostID(machine) {
      if let file = (resource.desired as? FileKind.Desired)?.file, case .text(let text) = file.contents {
        files[file.path] = text
      }
      if let link = (resource.desired as? LinkKind.Desired)?.link {
        files[LinkKind.path(link.interface)] = LinkKind.contents(link)
      }
      if let tree = (resource.desired as? TreeKind.Desired)?.tree {
        for (name, entry) in tree.files {
          if case .text(let text) = entry.contents { files["\(tree.root)/\(name)"] = text }
        }
      }
    }
    return files
  }

  private func network(_ files: [String: String], _ name: String) -> String? { files["/etc/systemd/network/\(name)"] }
  private let dnsmasq = "/etc/dnsmasq.d/cluster.conf"
  private let names = "/etc/cluster/hosts/machines"
  private let reservations = "/etc/cluster/dhcp-hosts/machines"

  // MARK: Cards of nodes

  @Test func aSecondCardOfNodesHasItsAddressAndItsName() throws {
    let spec = Self.site(
      networks: "  hpc: { cidr: 10.20.0.0/24 }",
      nodes: "      ens1f0: { network: hpc, address: 10.20.0.1+, mac: 0c:42:a1:10:00:01+ }")

    let node = try files(spec, of: "node02")
    #expect(node.keys.sorted() == ["/etc/systemd/network/05-cluster-ens1f0.network"])
    expectGolden(network(node, "05-cluster-ens1f0.network") ?? "", at: "cases/networks/second-card.network")
    let head = try files(spec, of: "head1")
    #expect(head[names]?.contains("10.20.0.2 node02-hpc.tarn.example.org node02-hpc\n") == true)
    #expect(head[names]?.contains("10.141.0.2 node02.tarn.example.org node02\n") == true)
    #expect(head[names]?.contains("192.0.2.11 head1-public.tarn.example.org head1-public\n") == true)
    #expect(head["/etc/hosts"]?.contains("192.0.2.12 head2-public.tarn.example.org head2-public\n") == true)
    // Nobody serves DHCP on that network.
    #expect(head[reservations]?.contains("10.20.0.") == false)
  }

  @Test func imagesOfNodesWithSuchCardsHaveWhatConfiguresThem() throws {
    let card = "      ens1f0: { network: hpc, address: 10.20.0.1+ }"
    let with = try SimulatedSite.read(Self.site(networks: "  hpc: { cidr: 10.20.0.0/24 }", nodes: card))
    let without = try SimulatedSite.read(Self.site())

    let added = Publications(with, SiteFiles()).contributions.first { $0.name == NodeLinks.name }
    #expect(added?.images == ["compute"] && added?.files["usr/lib/cluster/links"]?.executable == true)
    #expect(!Publications(without, SiteFiles()).contributions.contains { $0.name == NodeLinks.name })
    #expect(Publications(without, SiteFiles()).liveFiles.isEmpty)
  }

  /// Several ports on one network: each answers for itself, and by itself.
  @Test func severalCardsOnOneNetwork() throws {
    let spec = Self.site(
      networks: "  lustre: { cidr: 10.10.0.0/23, mtu: 4092 }",
      nodes: """
              ib0: { network: lustre, address: 10.10.0.11+ }
              ib1: { network: lustre, address: 10.10.0.31+ }
        """)

    let node = try files(spec, of: "node01")
    #expect(node.count == 2)
    expectGolden(network(node, "05-cluster-ib1.network") ?? "", at: "cases/networks/second-port.network")
    let cluster = try SimulatedSite.read(spec)
    let added = Publications(cluster, SiteFiles()).contributions.first { $0.name == NodeLinks.name }
    #expect(added?.files.keys.contains("etc/sysctl.d/60-node-links.conf") == true)
    let head = try files(spec, of: "head1")
    #expect(head[names]?.contains("10.10.0.11 node01-lustre.tarn.example.org node01-lustre\n") == true)
    #expect(head[names]?.contains("10.10.0.31 node01-lustre2.tarn.example.org node01-lustre2\n") == true)
  }

  // MARK: MTU, routes, VLANs, bonds

  @Test func mtuAndRoutesOfANetworkAreOnAllOfItsCards() throws {
    let spec = Self.site(
      private:
        ", mtu: 9000, routes: [{ to: 10.148.0.0/16, via: 10.141.0.254 }, { to: 10.9.0.0/16, via: 10.141.255.253 }]")

    expectGolden(
      network(try files(spec, of: "head2"), "10-cluster-eno1.network") ?? "",
      at: "cases/networks/mtu-routes-head.network")
    expectGolden(
      network(try files(spec, of: "node01"), "05-cluster-eno1.network") ?? "",
      at: "cases/networks/mtu-routes-node.network")
    // head1 is the second router itself.
    #expect(network(try files(spec, of: "head1"), "10-cluster-eno1.network")?.contains("10.9.0.0/16") == false)
  }

  @Test func aBondThatCarriesAVLAN() throws {
    let cards = """
            bond0: { network: storage, address: 10.4.0.1, bond: { of: [eno3, eno4], mode: 802.3ad } }
            bond0.902: { network: campus, address: 10.6.0.1 }
            eno5.7: { network: far, address: 10.7.0.1 }
      """
    let spec = Self.site(
      networks: """
          storage: { cidr: 10.4.0.0/24, mtu: 9000 }
          campus: { cidr: 10.6.0.0/24 }
          far: { cidr: 10.7.0.0/24 }
        """, nics: cards)

    let head = try files(spec, of: "head1")
    let paths = head.keys.filter { $0.hasPrefix("/etc/systemd/network/") }.sorted()
    let text = paths.map { "# \($0)\n\(head[$0] ?? "")" }.joined(separator: "\n")
    expectGolden(text, at: "cases/networks/bond-and-vlan.txt")
    // Neither ifupdown nor NetworkManager keeps a card of a bond, or one that carries VLANs only.
    let taken = Expansion.expand(try SimulatedSite.read(spec), SiteFiles())
      .compactMap { $0.id.host == HostID("head1") ? ($0.desired as? IfupdownKind.Desired)?.interfaces : nil }.first
    #expect(taken?.sorted() == ["bond0", "bond0.902", "eno1", "eno2", "eno3", "eno4", "eno5", "eno5.7"])
  }

  /// Machines in memory have the cards alone, and nobody invents a bond.
  @Test func bondsAndVLANsAreMadeAndThenNothingIsLeftToDo() async throws {
    let cards = """
            bond0: { network: storage, address: 10.4.0.1, bond: { of: [eno3, eno4], mode: 802.3ad } }
            bond0.902: { network: campus, address: 10.6.0.1 }
      """
    let networks = "  storage: { cidr: 10.4.0.0/24, mtu: 9000 }\n  campus: { cidr: 10.6.0.0/24 }"
    let site = try SimulatedSite(
      Self.site(networks: networks, nics: cards, clone: cards.replacing(".0.1", with: ".0.2")))
    try await site.apply()
    #expect(try await site.plan().steps.isEmpty)

    site.spec = site.spec.replacing("[eno3, eno4], mode: 802.3ad", with: "[eno3, eno4], mode: active-backup")
    let steps = try await site.plan().steps
    let anew = try #require(steps.first { "\($0.id)" == "link@head1:bond0/apply" }, "\(steps.map(\.id))")
    #expect(anew.changes == ["~ 802.3ad of eno3, eno4 -> active-backup of eno3, eno4"])
    try await site.apply()
    #expect(try await site.plan().steps.isEmpty)
  }

  // MARK: Ways out

  @Test func headsRouteOnlyWhereItIsAsked() throws {
    let quiet = try files(Self.site(), of: "head1")
    #expect(quiet[Routing.file] == nil)
    #expect(quiet[dnsmasq]?.contains("\ndhcp-option=option:router\n") == true)

    let head = try files(Self.site(private: ", nat: true"), of: "head2")
    expectGolden(head[Routing.file] ?? "", at: "cases/networks/nat.nft")
    #expect(head["/etc/sysctl.d/91-cluster-nat.conf"]?.contains("net.ipv4.ip_forward = 1") == true)
    // The router that nodes are told of is the address that moves.
    #expect(head[dnsmasq]?.contains("\ndhcp-option=option:router,10.141.255.254\n") == true)
  }

  /// A login node has its own way out, and not over the heads.
  @Test func aNodeOnAnotherNetworkWithARouterLeavesThere() throws {
    let spec = Self.site(
      private: ", nat: true", nodes: "      eno2: { network: public, address: 192.0.2.101+ }")

    #expect(network(try files(spec, of: "node01"), "05-cluster-eno2.network")?.contains("Gateway=192.0.2.1\n") == true)
  }

  // MARK: Several networks

  @Test func twoNetworksBoot() throws {
    let spec = """
      version: 1
      cluster: tarn
      domain: tarn.example.org
      networks:
        public: { cidr: 192.0.2.0/24, gateway: 192.0.2.1, dns: [192.0.2.53] }
        groupa: { cidr: 10.1.1.0/24, serves: [dhcp, dns, boot] }
        groupb: { cidr: 10.1.2.0/24, serves: [dhcp, dns, boot], dynamic: 10.1.2.200-10.1.2.220, nat: true }
      heads:
        head1:
          nics:
            eno1: { network: public, address: 192.0.2.11 }
            eno2: { network: groupa, address: 10.1.1.254 }
            eno3: { network: groupb, address: 10.1.2.254 }
      images: { compute: { release: debian/bookworm } }
      nodes:
        - { names: a1, image: compute, nics: { eno1: { network: groupa, address: 10.1.1.1, mac: 0c:42:a1:01:00:01 } } }
        - { names: b1, image: compute, nics: { eno1: { network: groupb, address: 10.1.2.1, mac: 0c:42:a1:02:00:01 } } }

      """
    let head = try files(spec, of: "head1")

    expectGolden(head[dnsmasq] ?? "", at: "cases/networks/two-networks.dnsmasq")
    let script = head["/srv/cluster/http/ipxe/0c-42-a1-02-00-01.ipxe"]
    #expect(script?.contains("http://10.1.2.254/images/") == true && script?.contains("10.1.1.254") == false)
    #expect(head["/srv/cluster/http/boot/boot-groupb.ipxe"]?.contains("http://10.1.2.254/ipxe/") == true)
    let nginx = try #require(head["/etc/nginx/nginx.conf"])
    for line in ["listen 10.1.1.254:80 ", "listen 10.1.2.254:80 ", "allow 10.1.1.0/24;", "allow 10.1.2.0/24;"] {
      #expect(nginx.contains(line), "\(line)")
    }
  }

  @Test func racksBehindRelays() throws {
    let spec = """
      version: 1
      cluster: tarn
      domain: tarn.example.org
      networks:
        service: { cidr: 10.30.0.0/24, gateway: 10.30.0.1 }
        rack1: { cidr: 10.30.1.0/26, gateway: 10.30.1.1, serves: [dhcp, dns, boot], relay: service }
        rack2: { cidr: 10.30.1.64/26, gateway: 10.30.1.65, serves: [dhcp, dns, boot], relay: service }
      heads: { head1: { nics: { eno1: { network: service, address: 10.30.0.11 } } } }
      images: { compute: { release: debian/bookworm } }
      nodes:
        - { names: r1n1, image: compute, nics: { eno1: { network: rack1, address: 10.30.1.2, mac: 0c:42:a1:01:00:01 } } }
        - { names: r2n1, image: compute, nics: { eno1: { network: rack2, address: 10.30.1.66, mac: 0c:42:a1:02:00:01 } } }
      firewall: {}

      """
    let head = try files(spec, of: "head1")

    expectGolden(head[dnsmasq] ?? "", at: "cases/networks/relays.dnsmasq")
    #expect(head["/srv/cluster/http/ipxe/0c-42-a1-02-00-01.ipxe"]?.contains("cluster.ip=${netX/ip}/26") == true)
    #expect(head["/srv/cluster/http/boot"] == nil && head["/srv/cluster/http/boot/boot-rack2.ipxe"] == nil)
    expectGolden(head[Firewall.file] ?? "", at: "cases/networks/relays.nft")
  }

  /// A login node of a rack leaves by the site's router, and still reaches the heads by its rack's.
  @Test func aMachineBehindARelayFindsTheHeadsWhereverItLeaves() throws {
    let spec = """
      version: 1
      cluster: tarn
      domain: tarn.example.org
      networks:
        service: { cidr: 10.30.0.0/24, gateway: 10.30.0.1 }
        public: { cidr: 192.0.2.0/24, gateway: 192.0.2.1 }
        rack1: { cidr: 10.30.1.0/26, gateway: 10.30.1.1, serves: [dhcp, boot], relay: service }
      heads: { head1: { nics: { eno1: { network: service, address: 10.30.0.11 } } } }
      images: { compute: { release: debian/bookworm } }
      nodes:
        - names: login
          image: compute
          nics:
            eno1: { network: rack1, address: 10.30.1.2, mac: 0c:42:a1:01:00:01 }
            eno2: { network: public, address: 192.0.2.20 }

      """
    let node = try files(spec, of: "login")

    #expect(network(node, "05-cluster-eno2.network")?.contains("Gateway=192.0.2.1\n") == true)
    let boot = try #require(network(node, "05-cluster-eno1.network"))
    #expect(
      boot.contains("DHCP=ipv4\n") && boot.contains("Destination=10.30.0.0/24\nGateway=10.30.1.1\n"), "\(boot)")
  }

  @Test func dhcpGivesBMCsTheirAddresses() throws {
    var spec = Self.site(
      networks: "  bmc: { cidr: 10.148.0.0/16, serves: [dhcp, dns], dynamic: 10.148.200.1-10.148.200.200 }",
      nics: "      eno3: { network: bmc, address: 10.148.255.1 }",
      clone: "      eno3: { network: bmc, address: 10.148.255.2 }",
      node: "    bmc: { address: 10.148.0.1+, mac: 0c:42:a1:20:00:01+, user: ADMIN, password: secret:bmc/nodes }")
    let head = try files(spec, of: "head1")

    #expect(head[reservations]?.contains("0c:42:a1:20:00:02,10.148.0.2,15m\n") == true)
    let lines = head[dnsmasq]?.split(separator: "\n") ?? []
    #expect(lines.contains("interface=eno3"))
    #expect(lines.contains("dhcp-range=set:net-bmc,10.148.200.1,10.148.200.200,255.255.0.0,10m"))
    // No address of the heads stays there, and BMCs boot nothing.
    #expect(lines.contains("dhcp-option=tag:net-bmc,option:dns-server,0.0.0.0"))
    #expect(!lines.contains { $0.hasPrefix("dhcp-boot=tag:net-bmc") })
    #expect(lines.contains { $0.hasPrefix("dhcp-boot=tag:net-private,") })

    spec = spec.replacing("serves: [dhcp, dns], dynamic: 10.148.200.1-10.148.200.200", with: "dns: []")
    let refused = SpecReader.read(Array(spec.utf8), file: "c.yaml", keys: WingCatalog.keys).diagnostics.map(\.detail)
    #expect(refused.contains("No DHCP server of the heads would give this BMC 10.148.0.1."), "\(refused)")
  }

  /// dnsmasq has tags of its own, and a network may be called as one of them.
  @Test(arguments: ["ipxe", "bios", "known", "other", "eno1"])
  func namesOfNetworksAreNoTagsOfOurs(_ name: String) throws {
    let spec = Self.site(
      networks: "  \(name): { cidr: 10.142.0.0/16, serves: [dhcp, boot] }",
      nics: "      eno3: { network: \(name), address: 10.142.255.1 }",
      clone: "      eno3: { network: \(name), address: 10.142.255.2 }", addresses: ", \(name): 10.142.255.254")
    let lines = try files(spec, of: "head1")[dnsmasq]?.split(separator: "\n").map(String.init) ?? []

    func tags(_ word: String) -> Set<String> {
      Set(
        lines.flatMap { line in line.split(whereSeparator: { ",=".contains($0) }).filter { $0.hasPrefix(word) } }.map(
          String.init))
    }
    #expect(tags("set:").contains("set:net-\(name)"))
    #expect(lines.filter { $0.hasPrefix("dhcp-range=set:\(name),") } == [])
    // Whoever sets a tag by the network sets no other one's.
    let ofNetworks = Set(lines.filter { $0.hasPrefix("dhcp-range=") }.compactMap { $0.split(separator: ",").first })
    #expect(ofNetworks == ["dhcp-range=set:net-private", "dhcp-range=set:net-\(name)"])
  }

  // MARK: Names

  @Test func aDomainOfTheSiteIsAskedThere() throws {
    let own = try files(Self.site(), of: "head1")
    #expect(own[dnsmasq]?.contains("\nlocal=/tarn.example.org/\n") == true && own[Names.localFile] == nil)

    let shared = try files(Self.site().replacing("domain: tarn.example.org", with: "domain: example.org"), of: "head1")
    let text = try #require(shared[dnsmasq])
    #expect(
      !text.contains("local=/") && !text.contains("bogus-priv") && text.contains("servers-file=\(Names.localFile)"))
    #expect(text.contains("\nrev-server=10.141.0.0/16\n") && !text.contains("rev-server=192.0.2.0"))
    #expect(shared[Names.localFile]?.contains("server=/node01.example.org/\n") == true)
    #expect(shared[Names.localFile]?.contains("server=/head1-public.example.org/\n") == true)
  }

  @Test func machinesOfNoDNSAndDomainsToSearch() throws {
    let spec = Self.site(
      more: "hosts: { 192.0.2.60: [ldap, licences.example.org] }\nsearch: [chem.example.org, example.org]")
    let head = try files(spec, of: "head2")

    #expect(head["/etc/hosts"]?.contains("192.0.2.60 ldap.tarn.example.org ldap licences.example.org\n") == true)
    #expect(head[names]?.contains("192.0.2.60 ldap licences.example.org\n") == true)
    #expect(head["/etc/resolv.conf"]?.contains("search tarn.example.org chem.example.org example.org\n") == true)
    #expect(
      head[dnsmasq]?.contains("option:domain-search,tarn.example.org,chem.example.org,example.org\n") == true)
  }

  /// Whoever names no resolver anywhere loses those that a head had.
  @Test func resolversThatGoAreTold() throws {
    let text = "# by hand\nnameserver 192.0.2.53\nnameserver 192.0.2.54\n"
    func notes(_ spec: String, managed: Bool) throws -> [String] {
      let facts = FileFacts(
        digest: "", size: text.utf8.count, mode: 0o644, owner: "root", group: "root", contents: text, managed: managed)
      let host = Inventory.Host.knowing(FileProbe("/etc/resolv.conf").answered(.file(facts)))
      return Heads.notes(try SimulatedSite.read(spec), Inventory(hosts: ["head1": host], observedAt: 0))
    }
    let none = Self.site().replacing(", dns: [192.0.2.53]", with: "")
    #expect(
      try notes(none, managed: false) == [
        "/etc/resolv.conf on head1 names 192.0.2.53, 192.0.2.54, and no network has `dns:`: heads and nodes will find no "
          + "name outside the cluster, those of package mirrors neither. Write `dns: [192.0.2.53]` in a network."
      ])
    #expect(try notes(none, managed: true) == [])
    #expect(try notes(Self.site(), managed: false) == [])
  }

  @Test(arguments: [
    ("hosts: { 192.0.2.60: [node01] }", "", "`node01` of `hosts:` is the name of something else too."),
    ("hosts: { 192.0.2.60: [node02-hpc.tarn.example.org] }", "", "`node02-hpc.tarn.example.org` of `hosts:`"),
    ("hosts: { 192.0.2.60: [a], 192.0.2.61: [a] }", "", "`a` of `hosts:`"),
    ("", "node01-hpc", "`node01-hpc` is the name of a card on `hpc`, and of something else."),
    ("", "tarn", "A machine is called `tarn`, as the cluster is."),
  ]) func namesThatTwoHaveAreRefused(_ more: String, _ name: String, _ words: String) throws {
    let second =
      "  - { names: \(name), image: compute, nics: { eno1: { network: private, address: 10.141.7.1, mac: 0c:42:a1:00:07:01 } } }"
    let spec = Self.site(
      networks: "  hpc: { cidr: 10.20.0.0/24 }", nodes: "      ens1f0: { network: hpc, address: 10.20.0.1+ }",
      node: name.isEmpty ? "" : second, more: more)

    let found = WingCatalog.problems(of: try SimulatedSite.read(spec)).map(\.detail)

    #expect(found.contains { $0.hasPrefix(words) }, "\(found)")
  }
}

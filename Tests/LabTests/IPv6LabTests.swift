// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import Testing

@testable import Lab

/// Two real heads with IPv6 on their public network: it is there, it moves with the services, and it goes again.
@Suite(.serialized, .timeLimit(.minutes(15)), .enabled(if: geteuid() == 0, "labs need root: run `sudo make test`"))
struct IPv6LabTests {
  /// Heads that are installed already, and no nodes: no image has to be built.
  private static let spec = """
    version: 1
    cluster: alps
    domain: alps.example.org
    networks:
      public:
        cidr: 198.51.100.0/24
        gateway: 198.51.100.1
        dns: [198.51.100.1]
        ipv6: { cidr: 2001:db8:1::/64, gateway: 2001:db8:1::1 }
      private: { cidr: 10.1.0.0/16, serves: [dhcp, dns, boot] }
      bmc: { cidr: 10.3.0.0/16 }
    repositories: { proxy: "http://198.51.100.1:3142" }
    firewall: { open: [{ tcp: 8090, from: public }] }
    heads:
      head1:
        nics:
          eth0: { network: private, address: 10.1.0.1, mac: 52:54:00:01:00:01 }
          eth1: { network: public, address: 198.51.100.11, ipv6: 2001:db8:1::11, mac: 52:54:00:02:00:01 }
        bmc: { address: 10.3.0.1, protocol: ipmi, user: admin, password: secret:bmc/head1 }
      head2:
        nics:
          eth0: { network: private, address: 10.1.0.2, mac: 52:54:00:01:00:02 }
          eth1: { network: public, address: 198.51.100.12, ipv6: 2001:db8:1::12, mac: 52:54:00:02:00:02 }
        bmc: { address: 10.3.0.2, protocol: ipmi, user: admin, password: secret:bmc/head2 }
    ha:
      addresses: { public: 198.51.100.10, private: 10.1.0.10 }
      ipv6: { public: 2001:db8:1::10 }
      services: [dhcp, dns, boot]
      heartbeat: { links: [private, public], detect: 1s }
      fencing: { via: bmc }

    """
  private static let service = "2001:db8:1::10"
  private static let heads = ["head1", "head2"]

  @Test func publicNetworksHaveIPv6() async throws {
    try await UserSite.go(
      through: [
        ("from nothing", fromNothing), ("names", names), ("ports", ports), ("drift", drift),
        ("switchover", switchover), ("failover", failover), ("another router", router), ("dropped", dropped),
      ], of: "ipv6", spec: Self.spec)
  }

  private func fromNothing(_ site: UserSite) async throws {
    let apply = try await site.cluster(["apply", "--lab", "--yes"])
    try #require(apply.status == 0, "\(apply.errorText)")
    for (number, head) in Self.heads.enumerated() {
      let addresses = try await site.onHead(head, ["ip", "-6", "-o", "address", "show", "dev", "eth1"]).text
      #expect(addresses.contains(" 2001:db8:1::1\(number + 1)/64 ") && !addresses.contains("tentative"), "\(addresses)")
      let routes = try await site.onHead(head, ["ip", "-6", "route", "show", "default"]).text
      #expect(routes.contains("default via 2001:db8:1::1 dev eth1"), "\(routes)")
      _ = try await site.onHead(head, ["ping", "-6", "-c", "1", "-W", "2", "2001:db8:1::1"])
    }
    #expect(try await answers(site))
    #expect(try await holders(site) == ["head1"])
    let addresses = try await site.status().addresses
    #expect(addresses.map(\.address) == ["198.51.100.10", "10.1.0.10", Self.service])
    #expect(addresses.map(\.holder) == ["head1", "head1", "head1"])
    // A connection of the head's own does not come from an address that may move away from under it.
    let source = try await site.onHead("head1", ["ip", "-6", "route", "get", "2001:db8:1::1"]).text
    #expect(source.contains(" src 2001:db8:1::11 "), "\(source)")
    try await nothingIsLeftToDo(site)
  }

  private func names(_ site: UserSite) async throws {
    for (name, address) in [("head2-public", "2001:db8:1::12"), ("alps-public", Self.service)] {
      let hosts = try await site.onHead("head1", ["getent", "ahostsv6", name]).text
      #expect(hosts.hasPrefix("\(address) "), "\(hosts)")
      let full = "\(name).alps.example.org"
      let forward = try await site.onHead("head1", ["busybox", "nslookup", "-type=aaaa", full, "10.1.0.10"]).text
      #expect(forward.contains("Address: \(address)\n"), "\(forward)")
      let reverse = try await site.onHead("head1", ["busybox", "nslookup", address, "10.1.0.10"]).text
      #expect(reverse.contains(full), "\(reverse)")
    }
  }

  /// The firewall lets in by IPv6 whom it lets in by IPv4, and nobody else.
  private func ports(_ site: UserSite) async throws {
    let listener = """
      use IO::Socket::IP; my $s = IO::Socket::IP->new(LocalHost => "::", LocalPort => $ARGV[0], Listen => 5, \
      V6Only => 0, ReuseAddr => 1) or die; while (my $c = $s->accept) { print $c "hello"; close $c }
      """
    for port in ["8090", "8091"] {
      _ = try await site.onHead(
        "head1", ["systemd-run", "--quiet", "--unit=page\(port)", "perl", "-e", listener, port])
    }
    for address in ["198.51.100.11", "[2001:db8:1::11]", "[\(Self.service)]"] {
      try await site.eventually("\(address) takes connections", within: .seconds(20)) {
        try await hear(site, "\(address):8090") == "hello"
      }
      #expect(try await hear(site, "\(address):8091") == "", "\(address): it is not open")
    }
  }

  /// What a machine beside the heads hears at a port.
  private func hear(_ site: UserSite, _ place: String) async throws -> String {
    let argv = site.lab.inside(["socat", "-u", "TCP:\(place),connect-timeout=2", "STDOUT"])
    return try await Command.run(argv[0], Array(argv.dropFirst())).text
  }

  /// Both are put back; an address that somebody else has added stays.
  private func drift(_ site: UserSite) async throws {
    for change in ["address add 2001:db8:77::1/64 dev eth1", "address del 2001:db8:1::12/64 dev eth1"] {
      _ = try await site.onHead("head2", ["ip", "-6"] + change.split(separator: " ").map(String.init))
    }
    #expect(try await site.plan().map(\.id) == ["link@head2:eth1/apply"])
    let apply = try await site.cluster(["apply", "--lab", "--yes"])
    #expect(apply.status == 0, "\(apply.errorText)")
    let now = try await site.onHead("head2", ["ip", "-6", "-o", "address", "show", "dev", "eth1"]).text
    #expect(now.contains(" 2001:db8:1::12/64 ") && now.contains(" 2001:db8:77::1/64 "), "\(now)")
  }

  private func switchover(_ site: UserSite) async throws {
    let move = try await site.cluster(["ha", "switchover", "--lab", "--yes"])
    #expect(move.status == 0, "\(move.errorText)")
    #expect(move.text.contains("\(Self.service) away"), "\(move.text)")
    // Neighbours are told at once.
    #expect(try await answers(site))
    #expect(try await holders(site) == ["head2"])
    #expect(try await site.status().addresses.map(\.holder) == ["head2", "head2", "head2"])
  }

  /// The head that has it is lost: the other one takes over when it has been fenced.
  private func failover(_ site: UserSite) async throws {
    _ = try await site.cluster(["lab", "power", "head2", "off"])
    try await site.eventually("it does not answer", within: .seconds(20)) { try await !answers(site) }
    let start = ContinuousClock.now
    try await site.eventually("the other head has it") { try await answers(site) }
    print("ipv6: answered again \(ContinuousClock.now - start) after it was seen silent")
    #expect(try await site.onHead("head1", ["ip", "-6", "-o", "address"]).text.contains(" \(Self.service)/64 "))
    try await site.eventually("both heads are there again") { try await site.status().ha.armed }
    try await nothingIsLeftToDo(site)
  }

  /// The former router goes, and with it its route.
  private func router(_ site: UserSite) async throws {
    try site.edit("gateway: 2001:db8:1::1 }", "gateway: fe80::1 }")
    let apply = try await site.cluster(["apply", "--lab", "--yes"])
    #expect(apply.status == 0, "\(apply.errorText)")
    for head in Self.heads {
      let routes = try await site.onHead(head, ["ip", "-6", "route", "show", "default"]).text
      #expect(routes.contains("default via fe80::1 dev eth1") && !routes.contains("2001:db8:1::1"), "\(routes)")
    }
    #expect(try await answers(site))
    try await nothingIsLeftToDo(site)
  }

  private func dropped(_ site: UserSite) async throws {
    try site.edit("    ipv6: { cidr: 2001:db8:1::/64, gateway: fe80::1 }\n", "")
    try site.edit("  ipv6: { public: 2001:db8:1::10 }\n", "")
    for number in 1...2 { try site.edit(", ipv6: 2001:db8:1::1\(number),", ",") }
    let apply = try await site.cluster(["apply", "--lab", "--yes"])
    #expect(apply.status == 0, "\(apply.errorText)")
    for head in Self.heads {
      let addresses = try await site.onHead(head, ["ip", "-6", "-o", "address", "show", "dev", "eth1"]).text
      #expect(!addresses.contains(" 2001:db8:1:"), "\(addresses)")
      #expect(try await site.onHead(head, ["ip", "-6", "route", "show", "default"]).text == "")
      let hosts = try await site.onHead(head, ["cat", "/etc/hosts"]).text
      #expect(!hosts.contains("2001:db8:1::"), "\(hosts)")
    }
    #expect(try await site.status().ha.armed)
    try await nothingIsLeftToDo(site)
  }

  private func nothingIsLeftToDo(_ site: UserSite) async throws {
    let plan = try await site.cluster(["plan", "--lab", "--detailed-exitcode"])
    #expect(plan.status == 0, "\(plan.text)")
  }

  /// Whether the service address answers a machine beside the heads.
  private func answers(_ site: UserSite) async throws -> Bool {
    let argv = site.lab.inside(["ping", "-6", "-c", "1", "-W", "1", Self.service])
    return try await Command.run(argv[0], Array(argv.dropFirst())).succeeded
  }

  private func holders(_ site: UserSite) async throws -> [String] {
    var found: [String] = []
    for head in Self.heads {
      let addresses = try await site.onHead(head, ["ip", "-6", "-o", "address"]).text
      if addresses.contains(" \(Self.service)/64 ") { found.append(head) }
    }
    return found
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import SpecReading
import Testing

@testable import Wings

/// A head's real dnsmasq and nftables rules in a network namespace of its own, with a namespace for each machine that
/// asks, and a router that relays.
struct ServedNetworks {
  /// A head with a card on each of three networks that it serves, and a rack behind a router.
  static let spec = """
    version: 1
    cluster: tarn
    domain: example.org
    hosts: { 192.0.2.60: [licences] }
    search: [chem.example.org]
    networks:
      public: { cidr: 192.0.2.0/24, gateway: 192.0.2.1, dns: [192.0.2.53] }
      groupa: { cidr: 10.1.1.0/24, serves: [dhcp, dns, boot], nat: true }
      groupb: { cidr: 10.1.2.0/24, serves: [dhcp, dns, boot] }
      bmc: { cidr: 10.3.0.0/16, serves: [dhcp], dynamic: 10.3.200.1-10.3.200.9 }
      rack1:
        cidr: 10.30.1.0/26
        gateway: 10.30.1.1
        serves: [dhcp, dns, boot]
        relay: groupb
    heads:
      head1:
        nics:
          eth0: { network: public, address: 192.0.2.11 }
          eth1: { network: groupa, address: 10.1.1.254 }
          eth2: { network: groupb, address: 10.1.2.254, routes: [{ to: 10.30.1.0/26, via: 10.1.2.1 }] }
          eth3: { network: bmc, address: 10.3.255.1 }
    images: { compute: { release: debian/bookworm } }
    nodes:
      - names: a1
        image: compute
        nics: { eth0: { network: groupa, address: 10.1.1.7, mac: 52:54:00:0a:00:01 } }
        bmc: { address: 10.3.0.7, mac: 52:54:00:0d:00:01, user: ADMIN, password: secret:bmc/nodes }
      - names: b1
        image: compute
        nics:
          eth0: { network: groupb, address: 10.1.2.7, mac: 52:54:00:0b:00:01 }
          eth1: { network: groupa, address: 10.1.1.8 }
      - { names: r1, image: compute, nics: { eth0: { network: rack1, address: 10.30.1.7, mac: 52:54:00:0c:00:01 } } }

    """

  private let id = "n\(UInt32.random(in: 0 ... 0xffff_ffff))"
  let folder: String
  private var namespaces: [String] = []
  private var daemons: [Process] = []

  static func with(_ body: (inout ServedNetworks) async throws -> Void) async throws {
    var networks = ServedNetworks()
    do {
      try await networks.start()
      try await body(&networks)
    } catch {
      try await networks.end()
      throw error
    }
    try await networks.end()
  }

  private init() { folder = NSTemporaryDirectory() + id }

  private func name(_ machine: String) -> String { "\(id)-\(machine)" }
  func namespace(_ machine: String) -> String { name(machine) }

  private mutating func start() async throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    // The card of each machine with its MAC address, and the head's card with its own address.
    let cables = [
      ("outside", "52:54:00:0f:00:01", "eth0", "192.0.2.11/24"), ("a1", "52:54:00:0a:00:01", "eth1", "10.1.1.254/24"),
      ("b1", "52:54:00:0b:00:01", "eth2", "10.1.2.254/24"), ("bmc", "52:54:00:0d:00:01", "eth3", "10.3.255.1/16"),
    ]
    for machine in ["head", "rack", "router"] + cables.map(\.0) {
      try await ip("netns add \(name(machine))")
      namespaces.append(name(machine))
      try await ip("-n \(name(machine)) link set lo up")
    }
    for (machine, mac, card, address) in cables {
      try await ip("link add \(card) netns \(name("head")) type veth peer name eth0 netns \(name(machine))")
      try await ip("-n \(name("head")) address add \(address) dev \(card)")
      try await ip("-n \(name("head")) link set \(card) up")
      try await ip("-n \(name(machine)) link set eth0 address \(mac) up")
    }
    try await plugRouter()
    try await ip("-n \(name("outside")) address add 192.0.2.53/24 dev eth0")
    try await ip("-n \(name("head")) route add default via 192.0.2.53")
    try write()
    // The site's resolver, which knows what the cluster does not.
    try run(
      "outside",
      [
        "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-hosts", "--no-resolv", "--user=root",
        "--pid-file=\(folder)/site.pid", "--address=/ldap.example.org/192.0.2.61",
        "--ptr-record=9.9.0.10.in-addr.arpa,printer.example.org", "--log-queries", "--log-facility=\(folder)/site.log",
      ])
    try run("head", ["dnsmasq", "--keep-in-foreground", "--conf-file=\(folder)/dnsmasq.conf", "--user=root"])
  }

  /// A bridge on groupb would be needed for a third machine there: the router is beside b1, over b1's own cable.
  private func plugRouter() async throws {
    try await ip("link add eth4 netns \(name("head")) type veth peer name north netns \(name("router"))")
    try await ip("-n \(name("head")) link add br2 type bridge")
    for line in [
      "address del 10.1.2.254/24 dev eth2", "link set eth2 name wire2", "link set br2 name eth2",
      "link set wire2 master eth2",
      "link set eth4 master eth2", "link set wire2 up", "link set eth4 up", "link set eth2 up",
      "address add 10.1.2.254/24 dev eth2",
    ] { try await ip("-n \(name("head")) \(line)") }
    try await ip("link add south netns \(name("router")) type veth peer name eth0 netns \(name("rack"))")
    for line in [
      "address add 10.1.2.1/24 dev north", "address add 10.30.1.1/26 dev south", "link set north up",
      "link set south up",
    ] { try await ip("-n \(name("router")) \(line)") }
    try await ip("-n \(name("rack")) link set eth0 address 52:54:00:0c:00:01 up")
    try await ip("-n \(name("head")) route add 10.30.1.0/26 via 10.1.2.1")
    _ = try await on("router", ["sysctl", "-qw", "net.ipv4.ip_forward=1"])
  }

  /// The router's relay of DHCP, to the head's own address.
  mutating func startRelay() throws {
    try run(
      "router",
      [
        "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--user=root",
        "--pid-file=\(folder)/relay.pid", "--dhcp-relay=10.30.1.1,10.1.2.254",
      ])
  }

  /// The files of the head, moved into the folder.
  private func write() throws {
    let cluster = try #require(SpecReader.read(Array(Self.spec.utf8), file: "c.yaml", keys: WingCatalog.keys).cluster)
    let moves = [
      (WellKnown.dhcpHosts, "dhcp-hosts"), (WellKnown.dnsHosts, "hosts"), (Names.localFile, "local-names"),
      ("/usr/lib/ipxe", "tftp"),
    ]
    func put(_ text: String, _ name: String) throws {
      let path = "\(folder)/\(name)"
      try FileManager.default.createDirectory(
        atPath: String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.endIndex)), withIntermediateDirectories: true)
      let moved = moves.reduce(text) { $0.replacing($1.0, with: "\(folder)/\($1.1)") }
      try moved.write(toFile: path, atomically: true, encoding: .utf8)
    }
    try FileManager.default.createDirectory(atPath: "\(folder)/tftp", withIntermediateDirectories: true)
    let files = [
      "/etc/dnsmasq.d/cluster.conf": "dnsmasq.conf", Names.localFile: "local-names", Routing.file: "nat.nft",
    ]
    let trees = [WellKnown.dhcpHosts: "dhcp-hosts", WellKnown.dnsHosts: "hosts"]
    for resource in Expansion.expand(cluster, SiteFiles()) where resource.id.host == "head1" {
      if let file = (resource.desired as? FileKind.Desired)?.file, case .text(let text) = file.contents,
        let name = files[file.path]
      {
        try put(text, name)
      }
      guard let tree = (resource.desired as? TreeKind.Desired)?.tree, let name = trees[tree.root] else { continue }
      for (file, entry) in tree.files { if case .text(let text) = entry.contents { try put(text, "\(name)/\(file)") } }
    }
  }

  /// Everything that a DHCP client gets, as udhcpc(1) tells its script.
  func lease(_ machine: String) async throws -> [String: String] {
    let script = "\(folder)/\(machine).sh"
    let said = "\(folder)/\(machine).lease"
    try "#!/bin/sh\n[ \"$1\" = bound ] && env > \(said)\nexit 0\n".write(
      toFile: script, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
    let result = try await on(
      machine,
      [
        "busybox", "udhcpc", "-i", "eth0", "-f", "-q", "-n", "-t", "10", "-T", "1", "-s", script, "-O", "staticroutes",
        "-O", "search", "-O", "bootfile", "-V", "PXEClient:Arch:00000:UNDI:002001", "-x", "0x5d:0000",
      ])
    guard result.succeeded else { return ["refused": result.lastLines] }
    let lines = try String(contentsOfFile: said, encoding: .utf8).split(separator: "\n")
    return Dictionary(
      lines.compactMap { line in
        line.firstIndex(of: "=").map { (String(line[..<$0]), String(line[line.index(after: $0)...])) }
      }
    ) { first, _ in first }
  }

  func on(_ machine: String, _ argv: [String]) async throws -> CommandResult {
    try await Command.run("nsenter", ["--net=/run/netns/\(name(machine))"] + argv, deadline: .seconds(60))
  }

  func ip(_ line: String) async throws {
    let done = try await Command.run("ip", line.split(separator: " ").map(String.init))
    try #require(done.succeeded, "ip \(line): \(done.lastLines)")
  }

  func ip(on machine: String, _ line: String) async throws { try await ip("-n \(name(machine)) \(line)") }

  mutating func run(_ machine: String, _ argv: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/nsenter")
    process.arguments = ["--net=/run/netns/\(name(machine))"] + argv
    process.standardError = FileHandle.nullDevice
    try process.run()
    daemons.append(process)
  }

  private func end() async throws {
    // Not waited for: Foundation waits on the thread that has started a process, and a test goes from thread to thread.
    for daemon in daemons where daemon.isRunning { kill(daemon.processIdentifier, SIGKILL) }
    for name in namespaces { _ = try await Command.checked("ip", ["netns", "del", name], next: "See `ip netns`.") }
    try FileManager.default.removeItem(atPath: folder)
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Planning
import SpecReading
import Testing

@testable import AgentServer
@testable import Lab
@testable import Wings

/// The real dnsmasq and nginx with the files of a head, in a network namespace of their own, and a card for machines in
/// another one. Nothing else of a head is there.
struct BootServices {
  static let server: IPv4Address = IPv4Address(bits: 0x0a01_0001)

  let id = "t\(UInt32.random(in: .min ... .max))"
  let folder: String
  let network: Network
  private var heads: String { "\(id)-head" }
  var machines: String { "\(id)-machines" }
  private(set) var daemons: [Process] = []
  /// What the head would sign.
  private(set) var signatures: BootSignaturesGoal?

  /// One head, and as many nodes as are asked for, from 10.1.16.1 and 52:54:00:10:00:01 on.
  static func spec(nodes: Int, dynamic: String? = nil, gateway: String? = nil, shift: Int = 0) -> String {
    """
    version: 1
    cluster: storm
    domain: storm.example.org
    networks:
      private: { cidr: 10.1.0.0/16, serves: [dhcp, dns, boot]\(dynamic.map { ", dynamic: \($0)" } ?? "")\
    \(gateway.map { ", gateway: \($0)" } ?? "") }
    heads:
      head1: { nics: { eth0: { network: private, address: 10.1.0.1, mac: 52:54:00:01:00:01 } } }
    images: { compute: { release: debian/bookworm, kernel: linux-image-amd64 } }
    nodes:
      - names: node[00001-\(String(repeating: "0", count: 5 - "\(nodes)".count))\(nodes)]
        image: compute
        nics: { eth0: { network: private, address: \(IPv4Address(bits: 0x0a01_1001 + UInt32(shift)))+, mac: 52:54:00:10:00:01+ } }

    """
  }

  static func with(
    _ spec: String, change: (String) -> String = { $0 }, _ body: (inout BootServices) async throws -> Void
  ) async throws {
    let cluster = try #require(SpecReader.read(Array(spec.utf8), file: "c.yaml", keys: WingCatalog.keys).cluster)
    var services = BootServices(network: try #require(cluster.bootNetwork))
    do {
      try await services.plug()
      try services.write(cluster, change: change)
      if services.signatures != nil { try await services.sign() }
      try services.startDNSMasq()
      try services.startNginx()
      try await services.awaitNginx()
      try await body(&services)
    } catch {
      try await services.end()
      throw error
    }
    try await services.end()
  }

  private init(network: Network) {
    self.network = network
    folder = NSTemporaryDirectory() + id
  }

  private func plug() async throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let batch =
      [
        "netns add \(heads)", "netns add \(machines)",
        "link add eth0 netns \(heads) type veth peer name storm netns \(machines)",
        "-n \(heads) link set lo up", "-n \(heads) link set eth0 up", "-n \(heads) addr add \(Self.server)/16 dev eth0",
      ] + LabSite.stormRoutes("storm", server: Self.server, cidr: network.cidr).map { "-n \(machines) \($0)" }
    for line in batch {
      let done = try await Command.run("ip", line.split(separator: " ").map(String.init))
      try #require(done.succeeded, "ip \(line): \(done.lastLines)")
    }
  }

  /// The files of the head, moved into the folder.
  mutating func write(_ cluster: Cluster, change: (String) -> String = { $0 }) throws {
    for resource in Expansion.expand(cluster, SiteFiles()) where resource.id.host == "head1" {
      if let desired = resource.desired as? NodeIdentitiesKind.Desired { try write(desired.goal) }
      if let desired = resource.desired as? BootSignaturesKind.Desired { signatures = desired.goal }
      if let file = resource.desired as? FileKind.Desired, case .text(let text) = file.file.contents {
        if file.file.path == "/etc/dnsmasq.d/cluster.conf" { try put(change(text), "dnsmasq.conf") }
        if file.file.path == "/etc/nginx/nginx.conf" { try put(text, "nginx.conf") }
      }
      guard let tree = resource.desired as? TreeKind.Desired else { continue }
      for (name, entry) in tree.tree.files {
        guard case .text(let text) = entry.contents, let place = Self.places[tree.tree.root] else { continue }
        try put(text, "\(place)/\(name)")
        guard let path = text.firstMatch(of: /\/images\/([a-z0-9\/]+)\/boot\.ipxe/)?.output.1 else { continue }
        try put("#!ipxe\n", "images/\(path)/boot.ipxe")
        if !FileManager.default.fileExists(atPath: "\(folder)/images/\(path)/vmlinuz") {
          try put(String(repeating: "kernel", count: 10_000), "images/\(path)/vmlinuz")
        }
      }
    }
  }

  /// The identities of nodes, as the agent of a head makes them, with owners and modes that let nginx read them.
  private func write(_ goal: NodeIdentitiesGoal) throws {
    let secrets = Secrets(
      Dictionary(uniqueKeysWithValues: goal.secrets.map { ($0, Array("bytes of \($0.name)".utf8)) }))
    let files = try NodeIdentityFiles(goal, secrets)
    let folder = "\(folder)/identities"
    let owner = try FileSystem.owner(NodeIdentityFiles.readers)
    try FileSystem.makeFolder(folder, mode: NodeIdentityFiles.folderMode)
    try #require(chown(folder, owner.uid, owner.gid) == 0)
    for node in goal.nodes {
      let path = "\(folder)/\(try #require(node.addresses.first))"
      try FileSystem.write(
        try files.identity(of: node).archive, to: path, mode: NodeIdentityFiles.fileMode, owner: owner,
        syncingFolder: false)
    }
  }

  private static let places = [
    WellKnown.bootScripts: "http/boot", WellKnown.machineScripts: "http/ipxe", WellKnown.dhcpHosts: "dhcp-hosts",
    WellKnown.dnsHosts: "hosts", WellKnown.signedScripts: "http/signed",
  ]

  /// Signs as the agent of a head does, in the folder, and makes its boot loaders. The key follows from `secret`.
  func sign(secret: String = "the key of the site") async throws {
    var goal = try #require(signatures)
    // Paths in them were moved.
    for name in goal.scripts.keys {
      goal.scripts[name] = SHA256.hex(try FileSystem.read("\(folder)/http/signed/\(name)"))
    }
    let signing = try await BootSigning(
      goal: goal, key: SigningKey(secret: Array(secret.utf8)), root: "\(folder)/signed",
      scripts: "\(folder)/http/signed")
    try FileSystem.makeFolder("\(folder)/signed")
    try await signing.signScripts()
    try await signing.makeLoaders()
  }

  private func put(_ text: String, _ name: String) throws {
    let path = "\(folder)/\(name)"
    var moved = text
    for (old, new) in [
      (WellKnown.httpRoot, "http"), (WellKnown.signedBoot, "signed"), (WellKnown.images, "images"),
      (WellKnown.captures, "captures"),
      (WellKnown.nodeIdentities, "identities"),
      (WellKnown.dhcpHosts, "dhcp-hosts"), (WellKnown.dnsHosts, "hosts"), (WellKnown.bootLog, "boot.log"),
      ("/run/nginx.pid", "nginx.pid"), ("/var/log/nginx/error.log", "error.log"),
    ] { moved = moved.replacing(old, with: "\(folder)/\(new)") }
    try FileManager.default.createDirectory(
      atPath: String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.endIndex)), withIntermediateDirectories: true)
    try moved.write(toFile: path, atomically: true, encoding: .utf8)
  }

  mutating func startDNSMasq() throws {
    try start([
      "dnsmasq", "--keep-in-foreground", "--conf-file=\(folder)/dnsmasq.conf", "--pid-file=\(folder)/dnsmasq.pid",
      "--log-facility=\(folder)/dnsmasq.log", "--user=root", "--dhcp-leasefile=\(folder)/leases",
    ])
  }

  private mutating func startNginx() throws {
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder)
    try start(["nginx", "-c", "\(folder)/nginx.conf", "-g", "daemon off;"])
  }

  private func awaitNginx() async throws {
    let asked = try await Command.run(
      "nsenter",
      [
        "--net=/run/netns/\(heads)", "curl", "-s", "-o", "/dev/null", "--retry", "20", "--retry-connrefused",
        "--retry-delay", "1", "http://\(Self.server)/",
      ], deadline: .seconds(60))
    try #require(asked.succeeded, "nginx does not answer: \(asked.lastLines)")
  }

  private mutating func start(_ argv: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/nsenter")
    process.arguments = ["--net=/run/netns/\(heads)"] + argv
    process.standardError = FileHandle.nullDevice
    try process.run()
    daemons.append(process)
  }

  mutating func restartDNSMasq() throws {
    Self.stop(daemons[0])
    let rest = daemons.dropFirst()
    daemons = []
    try startDNSMasq()
    daemons += rest
  }

  /// nginx ends its workers when it is told to; dnsmasq is killed, since a child of this process has SIGTERM blocked.
  private static func stop(_ daemon: Process) {
    guard daemon.isRunning else { return }
    let isNginx = daemon.arguments?.contains("nginx") == true
    kill(daemon.processIdentifier, isNginx ? SIGTERM : SIGKILL)
    daemon.waitUntilExit()
  }

  func end() async throws {
    for daemon in daemons { Self.stop(daemon) }
    for name in [heads, machines] {
      _ = try await Command.checked("ip", ["netns", "del", name], next: "See `ip netns`.")
    }
    try FileManager.default.removeItem(atPath: folder)
  }

  /// What `cluster lab storm` says of so many machines, and its status.
  func storm(_ count: Int, first: String = "52:54:00:10:00:01", ramp: Int = 0, limit: Int = 120, more: [String] = [])
    async throws -> CommandResult
  {
    try await NeighbourRoom.held(for: count) {
      try await Command.run(
        "nsenter",
        [
          "--net=/run/netns/\(machines)", try TestLab.program(), "lab", "storm", "\(count)", "--device", "storm",
          "--server", "\(Self.server)", "--first", first, "--ramp", "\(ramp)", "--limit", "\(limit)",
        ] + more, deadline: .seconds(limit + 60))
    }
  }

  /// A program on a machine of the boot network.
  func onMachine(_ argv: [String]) async throws -> CommandResult {
    try await Command.run("nsenter", ["--net=/run/netns/\(machines)"] + argv, deadline: .seconds(120))
  }
}

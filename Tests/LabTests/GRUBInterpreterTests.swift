// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import SpecReading
import Testing

@testable import Lab
@testable import Wings

/// The emulated GRUB of container nodes, with the scripts that heads sign: it runs nothing else, and never stops.
@Suite struct GRUBInterpreterTests {
  private static let server = IPv4Address(bits: 0x0a01_000a)
  private static let mac = MACAddress(bits: 0x5254_0011_000a)
  private static let base = "http://10.1.0.10/images/compute/0123"
  private static let own = "http://10.1.0.10/signed/52:54:00:11:00:0a.cfg"

  /// Files by URL; whatever else is asked for does not exist.
  private final class Web: GRUBPlatform, @unchecked Sendable {
    var files: [String: [UInt8]] = [:]
    var said: [String] = []
    var pauses = 0
    /// Appears after that many pauses.
    var late: (url: String, bytes: [UInt8], after: Int)?

    func whole(_ url: String) async throws(AgentError) -> [UInt8] {
      guard let bytes = files[url] else { throw AgentError(.notFound, "404", next: "") }
      return bytes
    }

    func pause(_ length: Duration) async throws(AgentError) {
      pauses += 1
      if let late, pauses >= late.after { files[late.url] = late.bytes }
    }

    func say(_ text: String) { said.append(text) }
  }

  private static let spec = """
    version: 1
    cluster: alps
    domain: alps.example.org
    boot: signed
    networks: { private: { cidr: 10.1.0.0/16, serves: [dhcp, dns, boot] } }
    heads: { head1: { nics: { eth0: { network: private, address: 10.1.0.10, mac: 52:54:00:01:00:01 } } } }
    images: { compute: { release: debian/bookworm } }
    nodes:
      - names: node1
        image: compute
        kernel_args: [console=ttyS1, iommu=pt]
        nics: { eth0: { network: private, address: 10.1.1.10, mac: 52:54:00:11:00:0a } }
      - names: node2
        image: compute
        nics: { eth0: { network: private, address: 10.1.1.11, mac: 52:54:00:12:00:0a } }

    """

  private static func web(_ key: SigningKey) async throws -> Web {
    let web = Web()
    let cluster = try #require(SpecReader.read(Array(spec.utf8), file: "c.yaml", keys: WingCatalog.keys).cluster)
    let published = Publications(cluster, SiteFiles())
    let digest = try #require(published.images["compute"]?.digest)
    let scripts = SignedScripts(ServedNetwork.all(in: cluster), published, nodes: 2).files(cluster)
    guard case .text(let script)? = scripts["0a.cfg"]?.contents else { throw AgentError(.notFound, "none", next: "") }
    web.files = [
      own: Array(script.replacing(digest, with: "0123").utf8),
      "\(base)/boot.cfg": Array(SignedBoot.imageScript("compute/0123", squashfs: "abcd").utf8),
      "\(base)/vmlinuz": [1], "\(base)/initrd": [2],
    ]
    for (url, bytes) in web.files { web.files["\(url).sig"] = try await key.sign(bytes) }
    return web
  }

  private static func run(_ web: Web, _ key: SigningKey) async throws -> IPXEOutcome {
    var interpreter = GRUBInterpreter(platform: web, verifier: key.verifier, mac: mac)
    return try await interpreter.run(SignedBoot.configuration(server: server))
  }

  private static func key(_ secret: String = "site") async throws -> SigningKey {
    try await SigningKey(secret: Array(secret.utf8))
  }

  @Test func whatIsSignedBoots() async throws {
    let key = try await Self.key()
    let web = try await Self.web(key)

    guard case .boot(let kernel, let arguments) = try await Self.run(web, key) else {
      Issue.record("it does not boot: \(web.said)")
      return
    }
    #expect(kernel == "\(Self.base)/vmlinuz" && web.pauses == 0)
    #expect(
      arguments == [
        "panic=30", "boot=cluster", "cluster.image=\(Self.base)/root.squashfs", "cluster.sha256=abcd",
        "image=compute/0123", "cluster.ip=10.1.1.10/16", "BOOTIF=01-52-54-00-11-00-0a", "cluster.report=60",
        "systemd.hostname=node1",
        "cluster.args=\(try #require(KernelArguments(["console=ttyS1", "iommu=pt"]).tag))", "console=ttyS1", "iommu=pt",
        "head=10.1.0.10", "mac=52:54:00:11:00:0a",
      ])
  }

  @Test(arguments: ["", "/boot.cfg", "/vmlinuz", "/initrd"])
  func whatWasChangedIsRefusedUntilItIsPutBack(_ file: String) async throws {
    let key = try await Self.key()
    let web = try await Self.web(key)
    let url = file.isEmpty ? Self.own : Self.base + file
    let good = try #require(web.files[url])
    web.files[url] = good + [0x0a]

    #expect(try await Self.run(web, key) == .reboot)
    #expect(web.pauses == 24 && web.said.contains("error: bad signature: \(url)."))

    web.late = (url, good, 27)
    guard case .boot = try await Self.run(web, key) else {
      Issue.record("it does not boot: \(web.said)")
      return
    }
    #expect(web.pauses == 27)
  }

  @Test(arguments: ["", "/boot.cfg", "/vmlinuz", "/initrd"])
  func whatHasNoSignatureOrAnothersIsRefused(_ file: String) async throws {
    let (key, other) = (try await Self.key(), try await Self.key("another"))
    let web = try await Self.web(key)
    let url = file.isEmpty ? Self.own : Self.base + file

    web.files["\(url).sig"] = nil
    #expect(try await Self.run(web, key) == .reboot)
    web.files["\(url).sig"] = try await other.sign(try #require(web.files[url]))
    #expect(try await Self.run(web, key) == .reboot)
  }

  /// It is signed, and says the digest of another root.
  @Test func theScriptOfAnotherImageIsNoDigest() async throws {
    let key = try await Self.key()
    let web = try await Self.web(key)
    let other = Array(SignedBoot.imageScript("old/0123", squashfs: "ffff").utf8)
    web.files["\(Self.base)/boot.cfg"] = other
    web.files["\(Self.base)/boot.cfg.sig"] = try await key.sign(other)

    #expect(try await Self.run(web, key) == .reboot)
  }

  /// It is signed, and for machines whose addresses end otherwise.
  @Test func theScriptsOfOtherMachinesBootNothing() async throws {
    let key = try await Self.key()
    let web = try await Self.web(key)
    var interpreter = GRUBInterpreter(
      platform: web, verifier: key.verifier, mac: MACAddress(bits: 0x5254_0011_000b))
    web.files["http://10.1.0.10/signed/52:54:00:11:00:0b.cfg"] = web.files[Self.own]
    web.files["http://10.1.0.10/signed/52:54:00:11:00:0b.cfg.sig"] = web.files["\(Self.own).sig"]

    #expect(try await interpreter.run(SignedBoot.configuration(server: Self.server)) == .reboot)
    #expect(!web.said.contains { $0.hasPrefix("error") })
  }
}

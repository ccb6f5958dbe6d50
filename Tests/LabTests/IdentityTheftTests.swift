// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Testing

@testable import AgentServer
@testable import Lab

/// All who are not root of a node ask for its identity: a user there, root of another node, strangers. The real nginx,
/// with the identities that the agent of a head makes.
@Suite(.serialized, .timeLimit(.minutes(5)), .enabled(if: geteuid() == 0, "network namespaces need root"))
struct IdentityTheftTests {
  private static let node = "10.1.16.1"
  private static let other = "10.1.16.2"
  /// With a MAC address of its own, and with that of a node.
  private static let strangers = ["10.1.9.9", "10.1.9.8"]
  private static let privileged = ["--local-port", "600-1023"]

  private static let spec = BootServices.spec(nodes: 2).replacing(
    "kernel: linux-image-amd64 }",
    with: "kernel: linux-image-amd64, secrets: { /etc/munge/munge.key: { from: secret:generated/munge } } }")

  /// Bytes of which nobody else may see any: of the secret, of the node's private key, of its archive.
  private static let secret = [
    Array("bytes of generated/munge".utf8), Array("PRIVATE KEY".utf8), Array("ssh_host_ed25519_key".utf8),
  ]

  private struct Asked {
    var code: String
    var body: [UInt8]

    var tellsSecrets: Bool { IdentityTheftTests.secret.contains { body.firstRange(of: $0) != nil } }
  }

  /// - Parameter runner: what curl runs under.
  private func ask(
    _ path: String, from address: String, _ services: BootServices, _ arguments: [String] = [], as runner: [String] = []
  ) async throws -> Asked {
    let got = try await services.onMachine(
      runner + [
        "curl", "-s", "-w", "%{stderr}%{http_code}", "--path-as-is", "--max-time", "5", "--interface", address,
        "http://\(BootServices.server)\(path)",
      ] + arguments)
    return Asked(code: got.errorText.trimmingCharacters(in: .whitespacesAndNewlines), body: got.stdout)
  }

  @Test func rootOfANodeGetsItsOwnAndNothingElse() async throws {
    try await BootServices.with(Self.spec) { services in
      let own = try await ask("/identity", from: Self.node, services, Self.privileged)
      let others = try await ask("/identity", from: Self.other, services, Self.privileged)

      #expect(own.code == "200" && own.tellsSecrets)
      #expect(others.code == "200" && others.body != own.body)
      let site = Array("bytes of nodes/identity-key".utf8)
      func has(_ asked: Asked, _ node: HostID) -> Bool {
        asked.body.firstRange(of: Array(HostKey(of: node, site: site).privateText.utf8)) != nil
      }
      #expect(has(own, "node00001") && !has(own, "node00002"))
      #expect(has(others, "node00002") && !has(others, "node00001"))
      #expect(own.body.firstRange(of: site) == nil, "the key of the site is served to nobody")
    }
  }

  @Test func aUserOfTheNodeGetsNothing() async throws {
    let user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    try await BootServices.with(Self.spec) { services in
      let inTurn: [(arguments: [String], runner: [String])] = [
        ([], []), ([], user), (["--local-port", "1024-1100"], user), (Self.privileged, user),
        // Root in a name space of users that the user makes for himself.
        (Self.privileged, user + ["unshare", "--user", "--map-root-user"]),
        (["--head"], user), (["-X", "POST"], user), (["-H", "Range: bytes=0-9"], user),
        (["-H", "X-Forwarded-For: 127.0.0.1", "-H", "X-Real-Port: 700", "-H", "Host: localhost"], user),
      ]
      for (arguments, runner) in inTurn {
        let got = try await ask("/identity", from: Self.node, services, arguments, as: runner)
        #expect(
          ["403", "405", "000", ""].contains(got.code) || got.body.isEmpty, "\(arguments) \(runner): \(got.code)")
        #expect(got.code != "200" && !got.tellsSecrets, "\(arguments) \(runner)")
      }
      // With the port of root the same request is answered: so the test can fail.
      #expect(try await ask("/identity", from: Self.node, services, Self.privileged).code == "200")
    }
  }

  @Test func strangersGetNothingAlsoWithACopiedMACAddress() async throws {
    try await BootServices.with(Self.spec) { services in
      for stranger in Self.strangers {
        if stranger == Self.strangers.last {
          let copied = try await services.onMachine(["ip", "link", "set", "storm", "address", "52:54:00:10:00:01"])
          try #require(copied.succeeded, "\(copied.lastLines)")
        }
        for arguments in [
          Self.privileged, [],
          Self.privileged + ["-H", "X-Forwarded-For: \(Self.node)", "-H", "X-Real-IP: \(Self.node)"],
          Self.privileged + ["-H", "Forwarded: for=\(Self.node)"], Self.privileged + ["-H", "Host: \(Self.node)"],
        ] {
          let got = try await ask("/identity", from: stranger, services, arguments)
          #expect(got.code == "403" && !got.tellsSecrets, "\(arguments): \(got.code)")
        }
      }
    }
  }

  /// By file names and around corners, from everybody, with root's ports: other nodes' identities are nowhere.
  @Test func noPathLeadsToThem() async throws {
    let names = ["identities/\(Self.node)", "identities/", "identities", Self.node]
    var paths = names.flatMap { name in
      ["/\(name)", "/identity/\(name)", "/images/../\(name)", "/images../\(name)", "/captures../\(name)"]
        + ["/ipxe/../../\(name)", "/ipxe/%2e%2e/%2e%2e/\(name)", "/ipxe/..%2f..%2f\(name)", "/clone/../../\(name)"]
        + ["/boot/../../../\(name)", "//\(name)", "/images/%2e%2e/\(name)", "/ipxe.efi/../../\(name)"]
    }
    paths += [
      "/identity/", "/identity?\(Self.node)", "/identity;/\(Self.node)", "/identity%00", "/identity/../identity",
    ]
    paths += ["/identity/%2e%2e/\(Self.node)", "/IDENTITY", "/identities.json", "/report/../identity"]
    try await BootServices.with(Self.spec) { services in
      // nginx counts requests: see its limits.
      for (number, path) in paths.enumerated() {
        let address = "10.1.9.\(10 + number)"
        let got = try await ask(path, from: address, services, Self.privileged)
        #expect(["400", "403", "404", "405"].contains(got.code), "\(path): \(got.code)")
        #expect(!got.tellsSecrets, "\(path)")
      }
      // The other node, which has an identity, gets its own by whatever name, or none.
      let key = Array(
        HostKey(of: "node00001", site: Array("bytes of nodes/identity-key".utf8)).privateText.utf8)
      for path in paths.prefix(30) {
        #expect(
          try await ask(path, from: Self.other, services, Self.privileged).body.firstRange(of: key) == nil, "\(path)")
      }
      #expect(paths.count > 50)
    }
  }
}

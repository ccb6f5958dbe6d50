// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
@testable import HostAccess
import Testing
import Wings

/// A host that the description gives another address than the record: against a real sshd, at two loopback addresses.
@Suite(.enabled(if: SSHServer.isPossible), .serialized)
struct SSHRoutesTests {
  private let old = "127.0.0.1"
  private let new = "127.0.0.2"

  @Test func isReachedWhereItWasLeft() async throws {
    let server = try await SSHServer(at: old)
    let host = server.host(at: new, formerly: old)

    #expect(try await !host.answer(SystemProbe()).hostname.isEmpty)

    #expect(try await host.historyPlace().settings[0].contains("'HostName=\(old)'"))
    await host.close()
  }

  /// Somebody has moved it by hand: it shows the key that it had, which ssh knows by the former address only.
  @Test func isReachedWhereItIsToBeWithTheKeyThatItHad() async throws {
    let server = try await SSHServer(at: new)
    let host = server.host(at: new, formerly: old)

    #expect(try await !host.answer(SystemProbe()).hostname.isEmpty)

    await host.close()
    let later = await #expect(throws: AgentError.self) { try await server.host(at: new).lease() }
    #expect(later?.code == .hostKey, "a look has told ssh nothing")
  }

  @Test func anotherMachineAtTheNewAddressIsNotLetIn() async throws {
    let server = try await SSHServer(at: new)
    let other = try String(contentsOfFile: server.folder.path + "/other_key.pub", encoding: .utf8)
    _ = try server.folder.write("[\(old)]:\(server.port) \(other)", "changed")
    try server.configure(knownHosts: "changed")

    let error = await #expect(throws: AgentError.self) {
      try await server.host(at: new, formerly: old).lease()
    }

    #expect(error?.code == .hostKey)
  }

  @Test func nobodyAtEitherIsSaidOfTheNewOne() async throws {
    let server = try await SSHServer(at: old)
    server.stop()

    let error = await #expect(throws: AgentError.self) {
      try await server.host(at: new, formerly: old).lease()
    }

    #expect(error?.code == .unreachable)
    #expect(error?.next.contains(new) == true, "\(error?.next ?? "")")
  }

  // MARK: Other networks

  /// The key is known by the first address alone.
  @Test(arguments: ["127.0.0.1", nil]) func isReachedAtAnotherAddress(_ address: String?) async throws {
    let server = try await SSHServer(at: new)
    let before = try FileSystem.text(server.folder.path + "/known_hosts")
    let host = server.host(at: address, orAt: [old, "127.0.0.3", new])

    #expect(try await !host.answer(SystemProbe()).hostname.isEmpty)

    #expect(try await host.historyPlace().settings[0].contains("'HostName=\(new)'"))
    #expect(try FileSystem.text(server.folder.path + "/known_hosts") == before)
    await host.close()
  }

  /// Another site's machine may have the same address on its inner network.
  @Test func anotherMachineAtAnotherAddressIsNotLetIn() async throws {
    let server = try await SSHServer(at: new)
    let mine = try String(contentsOfFile: server.folder.path + "/other_key.pub", encoding: .utf8)
    for known in ["[\(old)]:\(server.port) \(mine)", ""] {
      _ = try server.folder.write(known, "known")
      // As a user may have set it, who would not be asked about a new key.
      try server.configure(knownHosts: "known", "StrictHostKeyChecking accept-new")

      let error = await #expect(throws: AgentError.self) {
        try await server.host(at: old, orAt: [new]).lease()
      }

      #expect(error?.code == .unreachable)
      #expect(error?.next.contains(old) == true, "\(error?.next ?? "")")
      #expect(error?.cause?.hasSuffix("It does not answer at its other addresses either: \(new)") == true)
      #expect(try FileSystem.text(server.folder.path + "/known") == known)
    }
  }

  /// A host that refuses us is there: what it says is told, and nothing else is tried.
  @Test func aRefusalIsNotEvaded() async throws {
    let server = try await SSHServer(at: old)
    try server.configure(key: "other_key")

    let error = await #expect(throws: AgentError.self) { try await server.host(orAt: [new]).lease() }

    #expect(error?.code == .authentication)
  }

  // MARK: The keys

  @Test func sshIsToldTheKeyAtTheNewAddress() async throws {
    let server = try await SSHServer(at: new)
    // Hashed, as Debian's ssh keeps them, and without a newline at its end.
    try await Command.checked("ssh-keygen", ["-H", "-f", "\(server.folder.path)/known_hosts"], next: "")
    let path = server.folder.path + "/known_hosts"
    let before = try FileSystem.text(path)
    _ = try server.folder.write(before + "# mine", "known_hosts")
    let known = try await SSHKnownHosts(server.program)

    try await known.learn(new, from: old)
    let after = try FileSystem.text(path)
    try await known.learn(new, from: old)

    #expect(after.hasPrefix(before + "# mine\n[\(new)]:\(server.port) ssh-ed25519 "))
    #expect(try FileSystem.text(path) == after, "it is told once")
    let host = server.host(at: new)
    #expect(try await !host.answer(SystemProbe()).hostname.isEmpty)
    await host.close()
  }

  @Test func aLinkToTheFileStaysALink() async throws {
    let server = try await SSHServer(at: new)
    try FileManager.default.moveItem(
      atPath: server.folder.path + "/known_hosts", toPath: server.folder.path + "/elsewhere")
    try FileManager.default.createSymbolicLink(
      atPath: server.folder.path + "/known_hosts", withDestinationPath: server.folder.path + "/elsewhere")

    try await SSHKnownHosts(server.program).learn(new, from: old)

    #expect(try FileSystem.linkTarget(server.folder.path + "/known_hosts") == server.folder.path + "/elsewhere")
    #expect(try FileSystem.text(server.folder.path + "/elsewhere").contains("[\(new)]:\(server.port) ssh-ed25519 "))
  }

  @Test func whatIsNotKnownIsNotTold() async throws {
    let server = try await SSHServer(at: new)
    let before = try FileSystem.text(server.folder.path + "/known_hosts")

    try await SSHKnownHosts(server.program).learn(new, from: "127.0.0.3")

    #expect(try FileSystem.text(server.folder.path + "/known_hosts") == before)
  }
}

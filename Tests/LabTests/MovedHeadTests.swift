// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import Testing

@testable import Lab

/// A head gets another address on the network that its administrator comes from, by an apply over that very address.
@Suite(.serialized, .timeLimit(.minutes(10)), .enabled(if: geteuid() == 0, "labs need root: run `sudo make test`"))
struct MovedHeadTests {
  @Test func aHeadIsGivenAnotherPublicAddress() async throws {
    let site = try await UserSite.make(spec: Desk.spec)
    do {
      let desk = try Desk(site)
      do { try await story(desk) } catch {
        try desk.clear()
        throw error
      }
      try desk.clear()
    } catch {
      try await site.end()
      throw error
    }
    try await site.end()
  }

  private func story(_ desk: Desk) async throws {
    let first = try await desk.cluster(["apply", "--yes"])
    #expect(first.status == 0, "\(first.errorText)")

    try await move(desk)
    try await moveInVain(desk)
  }

  private func move(_ desk: Desk) async throws {
    try desk.site.edit("address: 198.51.100.11,", "address: 198.51.100.12,")
    let plan = try await desk.cluster(["plan", "--detailed-exitcode"])
    #expect(plan.status == 2, "\(plan.errorText)")
    #expect(plan.text.contains("+ 198.51.100.12/24"), "\(plan.text)")
    #expect(try desk.knownHosts().contains("198.51.100.12") == false, "a look tells ssh nothing")

    let apply = try await desk.cluster(["apply", "--yes"])

    #expect(apply.status == 0, "\(apply.errorText)")
    #expect(try await addresses(desk) == ["198.51.100.12/24"])
    #expect(try desk.knownHosts().contains("198.51.100.12 ssh-ed25519 "))
    // By the description and what ssh knows now alone.
    let again = try await desk.cluster(["apply", "--yes"])
    #expect(again.status == 0, "\(again.errorText)")
    #expect(again.text.contains("No changes."), "\(again.text)")
  }

  /// Nobody can come in at that address: whoever tries speaks to his own machine.
  private func moveInVain(_ desk: Desk) async throws {
    try desk.site.edit("address: 198.51.100.12,", "address: 198.51.100.13,")
    let taken = desk.site.lab.inside(["ip", "address", "add", "198.51.100.13/32", "dev", "lo"])
    try await Command.checked(taken[0], Array(taken.dropFirst()), next: "See what ip says.")

    let apply = try await desk.cluster(["apply", "--yes", "--confirm-within", "20"])

    #expect(apply.status == 3, "\(apply.errorText)")
    #expect(apply.errorText.contains("The host has undone ensureLink eth0 198.51.100.13/24"), "\(apply.errorText)")
    #expect(try await addresses(desk) == ["198.51.100.12/24"])
    #expect(try desk.knownHosts().contains("198.51.100.13") == false)
  }

  private func addresses(_ desk: Desk) async throws -> [String] {
    // By way of the private network, whatever becomes of the other one.
    let way = ["-F", desk.site.lab.sshConfig, "-o", "HostName=10.1.0.1", "-o", "HostKeyAlias=head1", "head1"]
    let text = try await Command.checked(
      "ssh", way + ["ip", "-br", "-4", "address", "show", "dev", "eth0"], next: "See what ssh says."
    ).text
    return text.split(whereSeparator: \.isWhitespace).dropFirst(2).map(String.init)
  }
}

/// A machine on the lab's public network, with a configuration of ssh that leads nowhere: addresses are the
/// description's.
private struct Desk {
  /// A head of a lab comes out of its box with the address of its first interface.
  static let spec: String = {
    var lines = SmallSite.spec.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let nics = lines.indices.filter { lines[$0].contains("mac:") }
    lines.swapAt(nics[0], nics[1])
    lines[nics[0]] = lines[nics[0]].replacingOccurrences(of: "eth1", with: "eth0")
    lines[nics[1]] = lines[nics[1]].replacingOccurrences(of: "eth0", with: "eth1")
    return lines.joined(separator: "\n")
  }()

  let site: UserSite
  /// ip-netns(8) puts what is in it over /etc.
  private let etc: String
  private let known: String

  init(_ site: UserSite) throws {
    self.site = site
    etc = "/etc/netns/\(site.lab.namespace)"
    known = "\(site.folder)/.git/known_hosts"
    try FileManager.default.createDirectory(atPath: "\(etc)/ssh", withIntermediateDirectories: true)
    let key = try String(contentsOfFile: site.lab.knownHosts, encoding: .utf8).split(separator: " ").dropFirst()
    try "198.51.100.11 \(key.joined(separator: " "))".write(toFile: known, atomically: true, encoding: .utf8)
    try """
    IdentityFile \(site.lab.identity)
    IdentitiesOnly yes
    UserKnownHostsFile \(known)
    GlobalKnownHostsFile /dev/null

    """.write(toFile: "\(etc)/ssh/ssh_config", atomically: true, encoding: .utf8)
  }

  func clear() throws { try FileManager.default.removeItem(atPath: etc) }

  func knownHosts() throws -> String { try String(contentsOfFile: known, encoding: .utf8) }

  func cluster(_ arguments: [String]) async throws -> CommandResult {
    try await Command.run(
      "ip",
      ["netns", "exec", site.lab.namespace, site.program] + arguments
        + ["--file", "\(site.folder)/cluster.yaml", "--secrets", site.lab.secretsDirectory],
      environment: ["NO_COLOR": "1"], deadline: .seconds(600))
  }
}

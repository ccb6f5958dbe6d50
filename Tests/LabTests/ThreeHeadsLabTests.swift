// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import Testing

@testable import Lab

/// Three heads: the second loss moves to the third one. Then services go back to the first head when it is quiet.
@Suite(.serialized, .timeLimit(.minutes(20)), .enabled(if: geteuid() == 0, "labs need root: run `sudo make test`"))
struct ThreeHeadsLabTests {
  private static let example = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appending(path: "../../examples/three-heads").standardized
  private static let heads = ["head1", "head2", "head3"]

  @Test func twoAreLostOneAfterTheOther() async throws {
    let spec = try String(contentsOf: Self.example.appending(path: "cluster.yaml"), encoding: .utf8)
    let site = try await UserSite.make(spec: spec, beside: ["packages": Self.example.appending(path: "packages")])
    do {
      let apply = try await site.cluster(["apply", "--lab", "--yes"])
      try #require(apply.status == 0, "\(apply.text) \(apply.errorText)")
      try await site.eventually("armed") { try await site.status().ha.armed }
      #expect(try await answer(site) == "head1")
      let second = try await losesTheFirst(site)
      let last = try await losesTheSecond(second, site)
      try await goesBack(from: last, site)
      try await staysWhereItIsPut(site)
    } catch {
      try await site.end()
      throw error
    }
    try await site.end()
  }

  /// Neither of the others hears it any more, and it comes back to a cluster that it does not hear.
  private func losesTheFirst(_ site: UserSite) async throws -> String {
    for head in Self.heads { _ = try await site.onHead(head, ["touch", "/run/site-busy"]) }
    #expect(try await isPair(on: "head2", site) == false)
    let before = try boots(of: "head1", site), lost = ContinuousClock.now
    for network in ["private", "heartbeat"] {
      #expect(try await site.cluster(["lab", "cut", "head1", network]).status == 0)
    }
    let second = try await answered(by: ["head2", "head3"], site)
    print("the first head lost: \(second) answers after \((ContinuousClock.now - lost) / .seconds(1)) s")
    #expect(try boots(of: "head1", site) > before, "a head that is not seen to be off is not taken over")
    for head in ["head2", "head3"] {
      try await site.eventually("\(head) may go on alone") { try await isPair(on: head, site) }
    }
    return second
  }

  private func losesTheSecond(_ second: String, _ site: UserSite) async throws -> String {
    let last = try #require(["head2", "head3"].first { $0 != second }), lost = ContinuousClock.now
    #expect(try await site.cluster(["lab", "power", second, "off"]).status == 0)
    #expect(try await answered(by: [last], site) == last)
    print("the second head lost: \(last) answers after \((ContinuousClock.now - lost) / .seconds(1)) s")
    let quorum = try await quorum(on: last, site)
    #expect(quorum.contains("Quorate:          Yes"), "\(quorum)")

    for network in ["private", "heartbeat"] {
      #expect(try await site.cluster(["lab", "cut", "head1", network, "--mend"]).status == 0)
    }
    try await site.eventually("all three are back") {
      try await site.status().heads.allSatisfy(\.online)
    }
    for head in Self.heads {
      try await site.eventually("\(head) goes by the majority") { try await isPair(on: head, site) == false }
    }
    return last
  }

  /// While it is busy it stays, and says why.
  private func goesBack(from last: String, _ site: UserSite) async throws {
    // A head that was off has forgotten what was in /run.
    _ = try await site.onHead(last, ["touch", "/run/site-busy"])
    try await site.eventually("status says what it waits for") {
      try await waiting(site) == "lazy: waits: somebody is busy"
    }
    #expect(try await answer(site) == last)
    try await site.eventually("armed") { try await site.status().ha.armed }
    _ = try await site.onHead(last, ["rm", "/run/site-busy"])
    let quiet = ContinuousClock.now
    #expect(try await answered(by: ["head1"], site) == "head1")
    print("quiet: the services are back after \((ContinuousClock.now - quiet) / .seconds(1)) s")
    try await site.eventually("they are at home") { try await waiting(site) == "lazy: the services are on head1" }
  }

  /// An administrator has moved them away: they stay, although it is quiet, until the first head was away.
  private func staysWhereItIsPut(_ site: UserSite) async throws {
    try await site.eventually("armed") { try await site.status().ha.armed }
    for head in Self.heads { _ = try await site.onHead(head, ["rm", "-f", "/run/site-busy"]) }
    let moved = try await site.cluster(["ha", "switchover", "--to", "head3", "--lab", "--yes"])
    #expect(moved.status == 0, "\(moved.text) \(moved.errorText)")
    try await site.eventually("it is held") {
      try await waiting(site)?.hasPrefix("lazy: the services were moved away from head1") == true
    }
    #expect(try await answer(site) == "head3")
    _ = try? await site.onHead("head1", ["systemctl", "reboot"])
    #expect(try await answered(by: ["head1"], site) == "head1")
  }

  // MARK: What is seen

  /// At the service address, from the lab's own namespace. Nil: nobody answers.
  private func answer(_ site: UserSite) async throws -> String? {
    let argv = site.lab.inside(["socat", "-T", "2", "-u", "TCP:10.1.0.10:4711,connect-timeout=1", "-"])
    let said = try await Command.run(argv[0], Array(argv.dropFirst())).text
      .trimmingCharacters(in: .whitespacesAndNewlines)
    return said.isEmpty ? nil : said
  }

  private func answered(by heads: [String], _ site: UserSite) async throws -> String {
    var found = ""
    try await site.eventually("\(heads.joined(separator: " or ")) answers") {
      found = try await answer(site) ?? ""
      return heads.contains(found)
    }
    return found
  }

  private func isPair(on head: String, _ site: UserSite) async throws -> Bool {
    try await quorum(on: head, site).contains("2Node")
  }

  /// Its status says whether there is one; here it is what it prints that counts.
  private func quorum(on head: String, _ site: UserSite) async throws -> String {
    try await site.onHead(head, ["sh", "-c", "corosync-quorumtool -s; true"]).text
  }

  private func waiting(_ site: UserSite) async throws -> String? {
    try await site.status().ha.conditions.first { $0.name == "failback" }?.detail
  }

  private func boots(of head: String, _ site: UserSite) throws -> Int {
    let console = LabFiles.text(site.lab.console(of: try #require(site.lab.machine(.init(head))))) ?? ""
    return console.components(separatedBy: "booting from disk").count
  }
}

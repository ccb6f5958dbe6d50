// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Testing

@testable import Lab

/// Heads whose cords are in switched outlets, in a lab with real Pacemaker and real fence agents.
@Suite(.serialized, .timeLimit(.minutes(20)), .enabled(if: geteuid() == 0, "labs need root: run `sudo make test`"))
struct FencingLevelTests {
  /// The example's heads and image, without nodes, each head with an outlet.
  private static func spec() throws -> String {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardizedFileURL
    var text = try String(contentsOf: root.appending(path: "cluster.yaml"), encoding: .utf8)
    let nodes = try #require(text.range(of: "\nnodes:")), next = try #require(text.range(of: "\nha:"))
    text.replaceSubrange(nodes.lowerBound..<next.lowerBound, with: "\n")
    for number in 1...2 {
      let password = "password: secret:bmc/head\(number) }\n"
      #expect(text.contains(password))
      text = text.replacing(
        password,
        with: password + """
              fencing:
                - bmc
                - agent: fence_ipmilan
                  parameters: { ip: 10.3.9.\(number), username: strip, lanplus: 1, power_wait: 0 }
                  secrets: { password: secret:strip/head\(number) }

          """)
    }
    return text
  }

  @Test func aHeadThatLosesItsMainsIsTakenOver() async throws {
    let site = try await UserSite.make(spec: try Self.spec())
    do {
      let validate = try await site.cluster(["validate"])
      #expect(validate.status == 0 && !(validate.text + validate.errorText).contains("single-fencing"))
      let apply = try await site.cluster(["apply", "--lab", "--yes"])
      try #require(apply.status == 0, "\(apply.errorText)")
      try await site.eventually("both heads are in the cluster") { try await site.status().ha.armed }
      try await tested(site)
      try await secretsAreNowhere(site)
      try await refusedBMCs(site)
      try await withoutMains(site)
    } catch {
      try await site.end()
      throw error
    }
    try await site.end()
  }

  /// The standby is really cut, and comes back by itself.
  private func tested(_ site: UserSite) async throws {
    let refused = try await site.cluster(["ha", "fence-test", "head1", "--lab", "--yes"])
    #expect(refused.status != 0 && refused.errorText.contains("it serves"), "\(refused.errorText)")
    try await site.lab.setBMC(of: "head2", BoardTraits(offAfter: 3))
    let test = try await site.cluster(["ha", "fence-test", "head2", "--lab", "--yes"])
    print("fence-test:", (test.text + test.errorText).split(separator: "\n").filter { $0.contains("off after") })
    #expect(test.status == 0 && test.text.contains("off after"), "\(test.text)\(test.errorText)")
    try await site.lab.setBMC(of: "head2", BoardTraits())
    try await site.eventually("both heads are in the cluster again") { try await site.status().ha.armed }
    #expect(try await site.cluster(["apply", "--lab", "--yes"]).status == 0)
  }

  /// A BMC that lets us look only, and one that is another machine's, are found by the proof, which is due again.
  private func refusedBMCs(_ site: UserSite) async throws {
    try await site.lab.setBMC(of: "head2", BoardTraits(readOnly: true))
    _ = try await site.onHead("head1", ["rm", "/var/lib/cluster/fencing/head2.json"])
    let looking = try await site.cluster(["apply", "--lab", "--yes"])
    #expect(looking.status != 0 && looking.errorText.contains("does not let user admin switch"), "\(looking.errorText)")

    try await site.lab.setBMC(of: "head2", BoardTraits(chassisOf: "head1"))
    _ = try await site.onHead("head2", ["rm", "/var/lib/cluster/fencing/head2.json"])
    let foreign = try await site.cluster(["apply", "--lab", "--yes"])
    #expect(foreign.status != 0 && foreign.errorText.contains("is not that of head2"), "\(foreign.errorText)")
    #expect(foreign.errorText.contains("is that of this head itself"), "\(foreign.errorText)")

    try await site.lab.setBMC(of: "head2", BoardTraits())
    let healed = try await site.cluster(["apply", "--lab", "--yes"])
    #expect(healed.status == 0, "\(healed.errorText)")
    try await site.eventually("high availability is armed again") { try await site.status().ha.armed }
  }

  private func secretsAreNowhere(_ site: UserSite) async throws {
    let secret = try #require(LabFiles.text("\(site.lab.secretsDirectory)/strip/head1"))
    let cib = try await site.onHead("head2", ["cibadmin", "--query"]).text
    #expect(cib.contains("fence_cluster_head1_2") && cib.contains("fencing-level") && !cib.contains(secret))
    let program = try await site.onHead("head2", ["cat", "/usr/sbin/fence_cluster_head1_2"]).text
    #expect(program.contains("fence_ipmilan") && !program.contains(secret))
  }

  /// Its BMC is dead, too: only its outlet can be seen to be off.
  private func withoutMains(_ site: UserSite) async throws {
    let start = ContinuousClock.now
    try await PowerSwitch(try #require(site.lab.machine("head1")), of: site.lab).perform(.mainsOff)
    try await Poll.until(.seconds(120), "head2 serves") { () throws(AgentError) in
      let argv = site.lab.inside(["curl", "--silent", "--fail", "--max-time", "1", "http://10.1.0.10/boot.ipxe"])
      return try await Command.run(argv[0], Array(argv.dropFirst())).succeeded
    }
    print("mains of the active head lost: answered again after \((ContinuousClock.now - start) / .seconds(1)) s")
    let addresses = try await site.onHead("head2", ["ip", "-oneline", "-4", "address"]).text
    #expect(addresses.contains(" 10.1.0.10/"))
    let history = try await site.onHead("head2", ["stonith_admin", "--history", "head1"]).text
    #expect(history.contains("reboot of head1 successful"), "\(history)")
  }
}

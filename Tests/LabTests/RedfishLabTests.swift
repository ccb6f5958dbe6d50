// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Testing

@testable import Lab

/// Heads and nodes whose BMCs speak Redfish, in a lab with real Pacemaker, the real fence agent, and an emulator that
/// somebody else has written.
@Suite(.serialized, .timeLimit(.minutes(15)), .enabled(if: geteuid() == 0, "labs need root: run `sudo make test`"))
struct RedfishLabTests {
  /// The example with Redfish for one head and one node, and with Debian's agent in the place of another node's BMC.
  private static func spec() throws -> String {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardizedFileURL
    var text = try String(contentsOf: root.appending(path: "cluster.yaml"), encoding: .utf8)
    let nodes = try #require(text.range(of: "\nnodes:")), next = try #require(text.range(of: "\nha:"))
    text.replaceSubrange(
      nodes.lowerBound..<next.lowerBound,
      with: """

        nodes:
          - names: node001
            image: compute
            nics: { eth0: { network: private, address: 10.1.1.1, mac: 52:54:00:11:00:01 } }
            bmc: { address: 10.3.1.1, protocol: redfish, user: admin, password: secret:bmc/nodes }
          - names: node002
            image: compute
            nics: { eth0: { network: private, address: 10.1.1.2, mac: 52:54:00:11:00:02 } }
            power:
              agent: fence_redfish
              parameters: { ip: 10.3.1.2, username: admin, ssl_insecure: 1 }
              secrets: { password: secret:bmc/node002 }

        """)
    let plain = "10.3.0.2, "
    #expect(text.contains("bmc: { address: \(plain)"))
    return text.replacing("bmc: { address: \(plain)", with: "bmc: { address: \(plain)protocol: redfish, ")
      .replacing("protocol: redfish, protocol: ipmi", with: "protocol: redfish")
  }

  @Test func aHeadIsFencedAndNodesAreSwitched() async throws {
    let site = try await UserSite.make(spec: try Self.spec())
    do {
      let apply = try await site.cluster(["apply", "--lab", "--yes"])
      try #require(apply.status == 0, "\(apply.errorText)")
      try await site.eventually("both heads are in the cluster") { try await site.status().ha.armed }
      try await nodes(site)
      try await secretsAreNowhere(site)
      let test = try await site.cluster(["ha", "fence-test", "head2", "--lab", "--yes"])
      print("fence-test:", (test.text + test.errorText).split(separator: "\n").filter { $0.contains("off after") })
      #expect(test.status == 0 && test.text.contains("off after"), "\(test.text)\(test.errorText)")
    } catch {
      try await site.end()
      throw error
    }
    try await site.end()
  }

  private func nodes(_ site: UserSite) async throws {
    #expect(try await site.cluster(["power", "off", "node[001-002]", "--lab", "--yes"]).status == 0)
    let status = try await site.cluster(["power", "status", "node[001-002]", "--lab"])
    #expect(status.status == 0 && status.text.contains("off  node[001-002]"), "\(status.text)")
    for name in ["node001", "node002"] {
      let machine = try #require(site.lab.machine(HostID(name)))
      #expect(!PowerSwitch(machine, of: site.lab).isOn)
    }
    let cycle = try await site.cluster(["power", "cycle", "node[001-002]", "--lab", "--yes"])
    #expect(cycle.status == 0, "\(cycle.errorText)")
    let machine = try #require(site.lab.machine("node002"))
    #expect(PowerSwitch(machine, of: site.lab).isOn)
  }

  private func secretsAreNowhere(_ site: UserSite) async throws {
    let secret = try #require(LabFiles.text("\(site.lab.secretsDirectory)/bmc/head2"))
    let cib = try await site.onHead("head1", ["cibadmin", "--query"]).text
    #expect(cib.contains("fence_cluster_head2") && !cib.contains(secret))
    let program = try await site.onHead("head1", ["cat", "/usr/sbin/fence_cluster_head2"]).text
    #expect(program.contains("fence_redfish") && !program.contains(secret))
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker
import TestKit
import Testing

@testable import Wings

enum Witnesses {
  static let ours = HighAvailabilityPolicy.Witness(
    host: "10.1.1.1", node: "node001", port: 5403, certificate: nil, source: Example.span)
  static let theirs = HighAvailabilityPolicy.Witness(
    host: "192.0.2.40", node: nil, port: 6000, certificate: SecretRef("witness/heads"), source: Example.span)
}

@Suite("The heads' witness")
struct WitnessPartsTests {
  private func cluster(_ witness: HighAvailabilityPolicy.Witness) throws -> Cluster {
    var cluster = try Example.cluster()
    cluster.ha?.witness = witness
    let image = ClientImage(
      name: "compute", release: "debian/bookworm", kernel: "linux-image-amd64", install: [], files: nil,
      secrets: [.init(path: "/etc/token", secret: SecretRef("token"))], run: [], source: Example.span)
    var other = image
    other.name = "login"
    cluster.images = [image, other]
    cluster.nodes = try (1...2).map { number in
      ComputeNode(
        name: HostID("node00\(number)"), image: "compute", boot: .stateless,
        nics: [
          NIC(
            name: "eth0", network: "private", address: try #require(IPv4Address("10.1.1.\(number)")), mac: nil,
            source: Example.span)
        ], bmc: nil, source: Example.span)
    }
    return cluster
  }

  @Test("Corosync has a device instead of two_node")
  func corosync() throws {
    let cluster = try cluster(Witnesses.ours)
    let text = CorosyncConfiguration(cluster: cluster, policy: try #require(cluster.ha)).text
    expectGolden(text, at: "cases/corosync-witness.conf")
    #expect(!text.contains("two_node"))
  }

  @Test("only the witness's image is another, and only the witness has the key")
  func node() throws {
    let (with, without) = (try cluster(Witnesses.ours), try cluster(Witnesses.theirs))
    let (ours, theirs) = (Publications(with, SiteFiles()), Publications(without, SiteFiles()))
    #expect(ours.images["compute"]?.packages.contains("corosync-qnetd") == true)
    #expect(ours.images["compute"]?.digest != theirs.images["compute"]?.digest)
    #expect(ours.images["login"]?.digest == theirs.images["login"]?.digest)

    let identities = try #require(
      NodeIdentities.resources(with, SiteFiles(), ours).first?.desired as? NodeIdentitiesKind.Desired)
    let files = identities.goal.nodes.map { node in (identities.goal.files[node.image] ?? []).map(\.path) }
    #expect(files == [["/etc/token", "/etc/corosync/witness.key"], ["/etc/token"]])
    #expect(SecretRef.corosyncWitness.generatedBytes == 32)
  }

  @Test("heads ask a witness of the site's with the site's certificate")
  func foreign() throws {
    let cluster = try cluster(Witnesses.theirs)
    let resources = HighAvailability.resources(cluster, SiteFiles(), Publications(cluster, SiteFiles()))
    let secrets = resources.compactMap { ($0.desired as? SecretFileKind.Desired)?.file }.filter {
      $0.path.contains("witness")
    }
    #expect(secrets.map(\.path) == ["/etc/corosync/witness.p12", "/etc/corosync/witness.p12"])
    #expect(Set(secrets.map(\.secret)) == [SecretRef("witness/heads")] && secrets.allSatisfy { $0.mode == 0o400 })
    let unit = try #require(
      resources.first { $0.id == UnitKind.id(on: "head1", "corosync-qdevice.service") }?.desired
        as? UnitKind.Desired)
    #expect(unit.unit.enabled == true && unit.unit.active == true && unit.unit.reload == .restart)
    #expect(HighAvailability.contributions(cluster).isEmpty && HighAvailability.nodeSecrets(cluster).isEmpty)
  }

  @Test(
    "the status of Corosync says whether the witness votes",
    arguments: [
      ("A,V,NMW", true), ("A,NV,NMW", false), ("NA,NV,NMW", false), ("NA,V,NMW", false), ("NR", nil), ("", nil),
    ] as [(String, Bool?)])
  func votes(_ flags: String, _ expected: Bool?) {
    let status = """
      Flags:            Quorate Qdevice

      Membership information
      ----------------------
          Nodeid      Votes    Qdevice Name
               2          1    A,V,NMW head2
               1          1    \(flags) head1 (local)
               0          1            Qdevice

      """
    #expect(QuorumTool.witness(status) == expected)
  }

  @Test(
    "a witness that does not vote is told",
    arguments: [
      (Witnesses.ours, [true, true], "ok node001, 10.1.1.1: votes"),
      (Witnesses.theirs, [true, true], "ok 192.0.2.40: votes"),
      (
        Witnesses.ours, [true, false],
        "NO node001, 10.1.1.1: does not answer head2; a head that fails now is not taken over"
      ),
      (
        Witnesses.ours, [nil, nil],
        "NO node001, 10.1.1.1: is not asked by head1 and head2; a head that fails now is not taken over"
      ),
    ] as [(HighAvailabilityPolicy.Witness, [Bool?], String)])
  func told(_ witness: HighAvailabilityPolicy.Witness, _ answers: [Bool?], _ expected: String) throws {
    let cluster = try cluster(witness)
    let crmMon = try Recorded.text("crm_mon-armed.xml")
    var hosts: [HostID: Inventory.Host] = [:]
    for (head, answer) in zip(cluster.heads, answers) {
      hosts[head.name] = .knowing(
        CrmMonProbe().answered(crmMon),
        CorosyncProbe().answered(
          CorosyncState(quorate: true, links: [], encrypted: true, members: ["head1", "head2"], witness: answer)))
    }
    let status = try #require(HighAvailabilityStatus.read(cluster, Inventory(hosts: hosts, observedAt: 0)))
    let condition = try #require(status.conditions.first { $0.name == "witness" })
    #expect("\(condition.ok ? "ok" : "NO") \(condition.detail)" == expected)
  }
}

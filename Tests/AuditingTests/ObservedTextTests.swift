// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import Pacemaker
import Testing
import Wings

@testable import Reconciler

/// The text of what was seen changes when a machine does, and at no other time.
@Suite struct ObservedTextTests {
  private func cluster() throws -> Cluster {
    let example = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../cluster.yaml")
    return try #require(try Specification.load(example.standardizedFileURL).cluster)
  }

  private func text(_ reports: [NodeReport], at: Int) throws -> [String: String] {
    ObservedText.files(
      Inventory(hosts: ["head1": .knowing(NodeReportsProbe().answered(reports))], observedAt: at), try cluster())
  }

  private func report(_ mac: MACAddress, at: Int, _ stage: NodeReport.Stage = .ready) -> NodeReport {
    NodeReport(mac: mac, stage: stage, image: "compute/1", verified: true, age: at, uptime: at)
  }

  @Test func timesOrderAndRepeatedQuestionsLeaveNoTrace() throws {
    let nodes = try cluster().nodes
    let macs = nodes.compactMap { $0.nics.lazy.compactMap(\.mac).first }
    try #require(macs.count > 1)

    let before = try text(macs.map { report($0, at: 100) }, at: 101)
    let after = try text(macs.reversed().map { report($0, at: 900) }, at: 905)

    #expect(before == after)
    let lines = try #require(before["head1/nodes.txt"]).split(separator: "\n")
    #expect(lines.count == macs.count)
    #expect(lines.first == "\(nodes.map(\.name.name).sorted()[0]) ready compute/1 verified")
  }

  @Test func aNodeThatBootsChangesItsLineOnly() throws {
    let macs = try cluster().nodes.compactMap { $0.nics.lazy.compactMap(\.mac).first }
    let before = try text(macs.map { report($0, at: 1) }, at: 1)["head1/nodes.txt"]?.split(separator: "\n") ?? []
    let after =
      try text(macs.map { report($0, at: 1, $0 == macs[0] ? .image : .ready) }, at: 1)["head1/nodes.txt"]?
      .split(separator: "\n") ?? []

    #expect(before.count == after.count)
    #expect(zip(before, after).count { $0 != $1 } == 1)
  }

  /// Another build of an image is another version of some packages, each in a line of its own.
  @Test func anImageSaysWhichPackagesItIsMadeOf() throws {
    let probe = ImageProbe("compute", digest: "1")
    let state = ImageState(
      name: "compute", digest: "1", squashfs: "ab", bytes: 9, packages: ["numactl": "2.0.16-1", "bash": "5.2.15-2"])

    let files = ObservedText.files(
      Inventory(hosts: ["head1": .knowing(probe.answered(state))], observedAt: 1), try cluster())
    let absent = ObservedText.files(
      Inventory(hosts: ["head1": .knowing(probe.answered(nil))], observedAt: 1), try cluster())

    #expect(files["head1/images.txt"] == "compute/1 sha256 ab\n")
    #expect(files["head1/image-compute.txt"] == "bash 5.2.15-2\nnumactl 2.0.16-1\n")
    #expect(absent == ["head1/images.txt": "compute/1 absent\n"])
  }

  /// Our elements of the CIB, each in a line of its own, and nothing that the cluster itself keeps there.
  @Test func whatPacemakerHasOfOursIsRecorded() throws {
    func text(_ every: String) throws -> String? {
      let registry = CIBDocument.registry(of: ["dnsmasq"]).xml
      let cib = """
        <cib epoch="\(every.count)"><configuration><crm_config><cluster_property_set id="cib-bootstrap-options">\(registry)\
        <nvpair id="cib-bootstrap-options-dc-version" name="dc-version" value="2.1.5"/></cluster_property_set>\
        </crm_config><resources><primitive id="dnsmasq"><operations><op id="m" interval="\(every)"/></operations>\
        </primitive><primitive id="theirs"/></resources></configuration></cib>
        """
      return ObservedText.files(
        Inventory(hosts: ["head1": .knowing(CIBProbe().answered(cib))], observedAt: 1), try cluster())["head1/cib.txt"]
    }

    #expect(
      try text("3s")
        == #"dnsmasq <primitive id="dnsmasq"><operations><op id="m" interval="3s"/></operations></primitive>"# + "\n")
    #expect(try text("3s") != text("5s"))
  }
}

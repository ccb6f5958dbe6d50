// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import Planning
import SpecReading
import Testing

@testable import Wings

@Suite struct ExampleTests {
  static func example() throws -> Cluster {
    let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../cluster.yaml")
      .standardizedFileURL
    return try #require(
      SpecReader.read(Array(try Data(contentsOf: path)), file: "cluster.yaml", keys: WingCatalog.keys).cluster)
  }

  /// Everything on the original that does not need the clone itself comes before the clone.
  @Test func theStandbyIsClonedWhenTheOriginalIsComplete() throws {
    let resources = Expansion.expand(try Self.example(), SiteFiles())
    let clone = try #require(resources.first { $0.establishes != nil })

    #expect(clone.id == HeadCloneKind.id("head2"))
    let after = Set(clone.after)
    for wanted in [
      WellKnown.basePackages(on: "head1"), WellKnown.bootPackages(on: "head1"), ImageKind.id("compute"),
      WellKnown.machineScripts(on: "head1"), WellKnown.unit("nginx.service", on: "head1"),
    ] {
      #expect(after.contains(wanted), "\(wanted)")
    }
    #expect(!after.contains { $0.host == "head2" })
  }

  @Test func everythingHasAPlaceInOneOrder() throws {
    let silent = Inventory.Host.unreachable(AgentError(.unreachable, "silent", next: "Power it on."))
    let heads = HeadOrder(
      primary: "head1", others: ["head2"], serviceAddress: IPv4Address("10.1.0.10"), sight: HighAvailability.sight)

    let plan = try Planner.plan(
      desired: Expansion.expand(try Self.example(), SiteFiles()), previously: [],
      inventory: Inventory(hosts: ["head1": silent, "head2": silent], observedAt: 0), catalog: KindCatalog.all,
      heads: heads, now: 0)

    #expect(plan.steps.isEmpty)
    #expect(!plan.blocked.isEmpty)
  }

  @Test func bootScriptsAndNodesNameTheSameImage() throws {
    let resources = Expansion.expand(try Self.example(), SiteFiles())
    let nodes = try #require(resources.first { $0.id == NodesKind.id }?.desired as? NodesKind.Desired)
    let tree = try #require(
      resources.first { $0.id == WellKnown.machineScripts(on: "head1") }?.desired as? TreeKind.Desired)
    let image = try #require(resources.first { $0.id == ImageKind.id("compute") }?.desired as? ImageKind.Desired)

    #expect(nodes.nodes.count == 4)
    for row in nodes.nodes {
      #expect(row.image == "compute/\(image.recipe.digest)")
      let script = try #require(tree.tree.files["\(row.mac.hyphenated).ipxe"])
      guard case .text(let text) = script.contents else { continue }
      #expect(text.contains("/images/\(row.image)/boot.ipxe"))
      #expect(text.contains("set head 10.1.0.10"))
    }
  }
}

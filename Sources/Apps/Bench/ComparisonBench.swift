// SPDX-License-Identifier: Apache-2.0
import Wings
import ClusterModel
import Comparison
import Execution
import Foundation
import Reconciler
import SpecReading

/// `plan --base`: what a change of the description means, without a host. Machines in memory are brought to the one
/// description and planned for the other.
enum ComparisonBench {
  static func run() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "bench-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    let site = Site(
      id: "site", specification: folder.appending(path: "cluster.yaml"), sshConfiguration: nil, secrets: folder,
      agent: folder)
    for nodes in [1_000, 10_000] {
      let base = try specification(nodes)
      let head = try specification(nodes + 1)
      let comparison = DescriptionComparison(site: site, journal: JournalOnDemand(path: site.journal.path))
      let (_, time) = try await Measuring.median {
        let (proposal, _) = try await comparison.proposal(from: base, to: head, RunTerms())
        return try Measuring.expecting("a node to boot", proposal.plan.steps) { steps in
          steps.contains { if case .node = $0.operation.impact { true } else { false } }
        }
      }
      Measuring.bar(
        "\(nodes) nodes and one more: plan --base", Measuring.milliseconds(time), reach: "1000 ms",
        met: time <= .seconds(1))
    }
  }

  private static func specification(_ nodes: Int) throws -> Specification {
    let bytes = SyntheticSpec.text(nodes: nodes)
    let reading = SpecReader.read(bytes, file: "cluster.yaml", keys: WingCatalog.keys)
    guard reading.cluster != nil else { throw Unexpected(what: "no cluster") }
    return Specification(bytes: bytes, cluster: reading.cluster, files: SiteFiles(), diagnostics: reading.diagnostics)
  }
}

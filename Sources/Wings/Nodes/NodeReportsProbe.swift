// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The newest report of every node that has booted from this head.
package struct NodeReportsProbe: Probe {
  package typealias Answer = [NodeReport]

  package static let name = "nodeReports"

  package init() {}

  package var words: String { "node reports" }
  package var secrets: ProbeSecrets { .none }

  package func recorded(_ reports: [NodeReport], _ nodes: NodeNames) -> [ObservedLines] {
    [ObservedLines("nodes", explained(reports, nodes))]
  }

  /// When a node last reported is left out: that is another time in every run.
  package func explained(_ reports: [NodeReport], _ nodes: NodeNames) -> [String] {
    reports.map { report in
      "\(nodes[report.mac]) \(report.stage.rawValue) \(report.image ?? "-") \(report.verified ? "verified" : "-")"
    }.sorted()
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// A wing that has something to say in `cluster status`.
package protocol StatusSection: Wing {
  /// The questions whose answers `tell` needs.
  static func statusQuestions(_ cluster: Cluster) -> [Question]
  /// Adds what the answers say to a report. What a head could not tell is unknown, and said to be so.
  static func tell(_ report: inout StatusReport, _ cluster: Cluster, _ inventory: Inventory)
}

extension StatusReport {
  private static let sections = WingCatalog.all.compactMap { $0 as? any StatusSection.Type }

  /// The questions that a status is made of, each once.
  package static func questions(_ cluster: Cluster) -> Set<Question> {
    Set(sections.flatMap { $0.statusQuestions(cluster) })
  }

  /// The report that the answers make. A head that did not answer is offline, and what only it could tell is unknown.
  package static func assemble(_ cluster: Cluster, _ inventory: Inventory, site: String, lastRun: LastRun?)
    -> StatusReport
  {
    var report = StatusReport(cluster: cluster.name, site: site, lastRun: lastRun)
    for section in sections { section.tell(&report, cluster, inventory) }
    return report
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Cluster status as XML, from crm_mon(8). Nil: Pacemaker does not run here.
package struct CrmMonProbe: Probe {
  package typealias Answer = String?

  package static let name = "crmMon"

  package init() {}

  package var words: String { "cluster status" }
  package var secrets: ProbeSecrets { .none }

  /// Its counters differ in every run.
  package func recorded(_ text: String?, _ nodes: NodeNames) -> [ObservedLines] { [] }

  package func explained(_ text: String?, _ nodes: NodeNames) -> [String] {
    [text == nil ? "Pacemaker does not run" : "Pacemaker runs, with the configuration that was compared"]
  }
}

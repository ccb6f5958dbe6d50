// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker

/// Ring status and quorum, from corosync-cmapctl(8) and corosync-quorumtool(8). Nil: Corosync does not run here.
package struct CorosyncProbe: Probe {
  package typealias Answer = CorosyncState?

  package static let name = "corosync"

  package init() {}

  package var words: String { "corosync" }
  package var secrets: ProbeSecrets { .none }

  package func recorded(_ state: CorosyncState?, _ nodes: NodeNames) -> [ObservedLines] {
    state == nil ? [] : [ObservedLines("corosync", explained(state, nodes))]
  }

  package func explained(_ state: CorosyncState?, _ nodes: NodeNames) -> [String] {
    guard let state else { return ["Corosync does not run"] }
    let members = state.members.map { "member \($0)" }
    let links = state.links.map { "link \($0.number) \($0.address) \($0.connected ? "connected" : "down")" }
    return (["quorate \(state.quorate)"] + members + links).sorted()
  }
}

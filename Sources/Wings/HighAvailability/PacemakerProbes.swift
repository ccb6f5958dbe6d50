// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker
import XML

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
    let witness = state.witness.map { ["witness \($0 ? "votes" : "does not answer")"] } ?? []
    return (["quorate \(state.quorate)"] + members + links + witness).sorted()
  }
}

/// The live CIB as XML, from cibadmin(8). Nil: Pacemaker does not run here.
package struct CIBProbe: Probe {
  package typealias Answer = String?

  package static let name = "cib"

  package init() {}

  package var words: String { "cib" }
  package var secrets: ProbeSecrets { .none }

  /// Nothing of what the cluster itself or an administrator has added.
  package func recorded(_ text: String?, _ nodes: NodeNames) -> [ObservedLines] {
    guard let text else { return [] }
    do throws(XMLError) {
      let document = try CIBDocument(parsing: text)
      let elements = document.managed.compactMap { id in document.element(id).map { "\(id) \($0.canonical)" } }
      return elements.isEmpty ? [] : [ObservedLines("cib", elements)]
    } catch {
      return [ObservedLines("unknown", ["\(words): it cannot be read: \(error)"])]
    }
  }

  package func explained(_ text: String?, _ nodes: NodeNames) -> [String] {
    [text == nil ? "Pacemaker does not run" : "Pacemaker runs, with the configuration that was compared"]
  }
}

/// The CIB on the disk, with which Pacemaker would start. Nil: there is none.
package struct StoredCIBProbe: Probe {
  package typealias Answer = StoredCIB?

  package static let name = "storedCIB"

  package init() {}

  package var words: String { "stored cib" }
  package var secrets: ProbeSecrets { .none }

  /// It follows the live one.
  package func recorded(_ stored: StoredCIB?, _ nodes: NodeNames) -> [ObservedLines] { [] }

  package func explained(_ stored: StoredCIB?, _ nodes: NodeNames) -> [String] {
    guard let stored else { return ["no configuration of Pacemaker lies on its disk"] }
    return ["Pacemaker's configuration lies on its disk" + (stored.isPaused ? ", in maintenance mode" : "")]
  }
}

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

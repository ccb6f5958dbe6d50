// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker
import XML

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

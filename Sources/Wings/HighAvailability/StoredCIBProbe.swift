// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker

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

// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The token of the last power cycle that a head has completed at a BMC. Nil: it has never done one.
package struct PowerCycleProbe: Probe {
  package typealias Answer = String?

  package static let name = "powerCycle"

  package let address: IPv4Address

  package init(_ address: IPv4Address) { self.address = address }

  package var words: String { "last power cycle of BMC \(address)" }
  package var secrets: ProbeSecrets { .none }

  package func recorded(_ token: String?, _ nodes: NodeNames) -> [ObservedLines] { [] }

  package func explained(_ token: String?, _ nodes: NodeNames) -> [String] {
    [token.map { "run \($0) has cycled the machine of BMC \(address)" } ?? "no run has cycled BMC \(address)"]
  }
}

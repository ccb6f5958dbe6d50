// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// A machine's power, asked of its BMC.
package struct PowerProbe: Probe {
  package typealias Answer = PowerState

  package static let name = "power"

  package let bmc: BMC

  package init(_ bmc: BMC) { self.bmc = bmc }

  package var words: String { "power of BMC \(bmc.address)" }
  package var secrets: ProbeSecrets { .needs(bmc.password) }

  package func recorded(_ state: PowerState, _ nodes: NodeNames) -> [ObservedLines] { [] }

  package func explained(_ state: PowerState, _ nodes: NodeNames) -> [String] {
    ["the machine of BMC \(bmc.address) is \(state.rawValue)"]
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The ports at which programs of the host wait for others, but for those that only the host itself can reach.
package struct ListenersProbe: Probe {
  package typealias Answer = [Listener]

  package static let name = "listeners"

  package init() {}

  package var words: String { "listening ports" }
  package var secrets: ProbeSecrets { .none }

  /// Programs come and go, and nothing is decided by them.
  package func recorded(_ listeners: [Listener], _ nodes: NodeNames) -> [ObservedLines] { [] }

  package func explained(_ listeners: [Listener], _ nodes: NodeNames) -> [String] {
    listeners.map { "\($0) at \($0.address)" }
  }
}

/// A program that waits at a port.
package struct Listener: Hashable, Codable, Sendable {
  package var port: FirewallNeed.Port
  /// As ss(8) shows it: `0.0.0.0`, `*`, `[::]`, `10.1.0.1%eth0`.
  package var address: String
  /// The name of the process. Empty: nobody has it.
  package var program: String

  package init(_ port: FirewallNeed.Port, address: String, program: String) {
    self.port = port
    self.address = address
    self.program = program
  }
}

extension Listener: CustomStringConvertible {
  package var description: String { "\(port)" + (program.isEmpty ? "" : " (\(program))") }
}

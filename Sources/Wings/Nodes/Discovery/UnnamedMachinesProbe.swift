// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Machines that have booted from this head and have no boot script here: nobody has named them yet. Empty: none has.
package struct UnnamedMachinesProbe: Probe {
  package typealias Answer = [UnnamedMachine]

  package static let name = "unnamedMachines"

  package init() {}

  package var words: String { "machines without a name" }
  package var secrets: ProbeSecrets { .none }

  /// Who asks on a boot network is not the cluster's doing, and is not kept.
  package func recorded(_ answer: [UnnamedMachine], _ nodes: NodeNames) -> [ObservedLines] { [] }

  package func explained(_ answer: [UnnamedMachine], _ nodes: NodeNames) -> [String] {
    answer.map { "\($0.mac) \($0.maker) \($0.product)" }
  }
}

/// A machine as its firmware describes it, over HTTP, when it finds no script of its own. Anybody on the boot network
/// can say it: it is shown, and decides nothing.
package struct UnnamedMachine: Hashable, Codable, Sendable {
  package var mac: MACAddress
  /// Empty where the firmware does not say it.
  package var maker: String
  package var product: String
  package var serial: String
  /// Seconds since it was heard first, and last, as far as the log reaches.
  package var firstHeard: Int
  package var lastHeard: Int

  /// Characters that are kept of what it says.
  package static let longest = 60
  /// No head lists more: a stranger can make up as many as it likes.
  package static let most = 1000

  package init(mac: MACAddress, maker: String, product: String, serial: String, firstHeard: Int, lastHeard: Int) {
    self.mac = mac
    self.maker = Self.cut(maker)
    self.product = Self.cut(product)
    self.serial = Self.cut(serial)
    self.firstHeard = max(0, firstHeard)
    self.lastHeard = max(0, lastHeard)
  }

  private static func cut(_ text: String) -> String { String(text.prefix(longest)).visibleLine }
}

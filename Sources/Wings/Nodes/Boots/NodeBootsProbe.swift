// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The stages that this head has seen one machine go through, the oldest first. Empty: it has not heard of it.
package struct NodeBootsProbe: Probe {
  package typealias Answer = [BootMoment]

  package static let name = "nodeBoots"

  package let mac: MACAddress

  package init(_ mac: MACAddress) { self.mac = mac }

  package var words: String { "boots of \(mac)" }
  package var secrets: ProbeSecrets { .none }

  /// When a node booted is no state of a head.
  package func recorded(_ answer: [BootMoment], _ nodes: NodeNames) -> [ObservedLines] { [] }

  package func explained(_ answer: [BootMoment], _ nodes: NodeNames) -> [String] {
    answer.map { "\(nodes[mac]) \($0.stage.rawValue) \($0.age) s ago" }
  }
}

/// A stage of a machine's boot, as a head heard of it. What counts is what counts in a `NodeReport`.
package struct BootMoment: Hashable, Codable, Sendable {
  package var stage: NodeReport.Stage
  /// Seconds since it was heard, by the head's clock.
  package var age: Int
  /// `name/digest`.
  package var image: String?
  /// The node's own words, cut to `NodeReport.longestDetail`.
  package var detail: String?

  /// As many as a head tells of one machine.
  package static let most = 60

  package init(_ stage: NodeReport.Stage, age: Int, image: String? = nil, detail: String? = nil) {
    self.stage = stage
    self.age = age
    self.image = image
    self.detail = detail
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// When the fencing of a head was last proven from this one. Nil: never.
package struct FencingProbe: Probe {
  package typealias Answer = FencingRecord?

  package static let name = "fencing"

  package let head: HostID

  package init(_ head: HostID) { self.head = head }

  package var words: String { "fencing \(head)" }
  package var secrets: ProbeSecrets { .none }

  package func recorded(_ record: FencingRecord?, _ nodes: NodeNames) -> [ObservedLines] {
    [ObservedLines("fencing", explained(record, nodes))]
  }

  package func explained(_ record: FencingRecord?, _ nodes: NodeNames) -> [String] {
    ["\(head) \(record == nil ? "not proven" : "proven")"]
  }
}

/// A proof that one head can switch another one off.
package struct FencingRecord: Hashable, Codable, Sendable {
  package var head: HostID
  /// Where the BMC was, so that a moved BMC needs a new proof.
  package var address: IPv4Address
  /// Seconds since 1970.
  package var provenAt: Int

  package init(head: HostID, address: IPv4Address, provenAt: Int) {
    self.head = head
    self.address = address
    self.provenAt = provenAt
  }
}

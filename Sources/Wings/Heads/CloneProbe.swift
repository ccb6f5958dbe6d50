// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The record of installing a head as a clone, kept on the head that installed it. Nil: this head has not installed it.
package struct CloneProbe: Probe {
  package typealias Answer = CloneRecord?

  package static let name = "clone"

  package let head: HostID

  package init(_ head: HostID) { self.head = head }

  package var words: String { "clone \(head)" }
  package var secrets: ProbeSecrets { .none }

  package func recorded(_ record: CloneRecord?, _ nodes: NodeNames) -> [ObservedLines] {
    [ObservedLines("clones", explained(record, nodes))]
  }

  package func explained(_ record: CloneRecord?, _ nodes: NodeNames) -> [String] {
    ["\(head) " + (record.map { "installed from \($0.capture)" } ?? "not installed by this head")]
  }
}

package struct CloneRecord: Hashable, Codable, Sendable {
  package var head: HostID
  /// Digest of the capture that was laid down.
  package var capture: String
  /// Seconds since 1970.
  package var installedAt: Int
  /// The SSH host key that the installer made, as `ssh-ed25519 AAAA…`. Nil: the captured head has no SSH server.
  package var hostKey: String?

  package init(head: HostID, capture: String, installedAt: Int, hostKey: String? = nil) {
    self.head = head
    self.capture = capture
    self.installedAt = installedAt
    self.hostKey = hostKey
  }
}

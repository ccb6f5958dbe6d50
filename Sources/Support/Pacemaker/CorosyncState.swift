// SPDX-License-Identifier: Apache-2.0

/// Rings, quorum and members, as one head's Corosync sees them.
package struct CorosyncState: Hashable, Codable, Sendable {
  package struct Link: Hashable, Codable, Sendable {
    package var number: Int
    package var address: String
    package var connected: Bool

    package init(number: Int, address: String, connected: Bool) {
      self.number = number
      self.address = address
      self.connected = connected
    }
  }

  package var quorate: Bool
  package var links: [Link]
  package var encrypted: Bool
  /// Names of the members now.
  package var members: [String]

  package init(quorate: Bool, links: [Link], encrypted: Bool, members: [String]) {
    self.quorate = quorate
    self.links = links
    self.encrypted = encrypted
    self.members = members
  }
}

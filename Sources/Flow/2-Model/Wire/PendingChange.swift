// SPDX-License-Identifier: Apache-2.0

/// A change that its host undoes by itself unless it is confirmed over a new connection: the dead-man switch.
package struct PendingChange: Hashable, Codable, Sendable {
  /// The same on both ends without having to be told: who lost the connection in the middle can still ask for it.
  package struct ID: Hashable, Codable, Sendable, CustomStringConvertible {
    package let text: String
    package init(text: String) { self.text = text }

    package var description: String { text }
    package init(from decoder: any Decoder) throws { text = try decoder.singleValueContainer().decode(String.self) }
    package func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      try container.encode(text)
    }
  }

  package var id: ID
  package var run: String
  /// `ensureLink eth0 10.1.0.1/16`.
  package var what: String
  /// Until the host undoes it.
  package var secondsLeft: Int

  package init(id: ID, run: String, what: String, secondsLeft: Int) {
    self.id = id
    self.run = run
    self.what = what
    self.secondsLeft = secondsLeft
  }
}

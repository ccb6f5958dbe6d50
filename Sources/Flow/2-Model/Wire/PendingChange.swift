// SPDX-License-Identifier: Apache-2.0

/// A change that its host undoes by itself unless it is confirmed over a new connection: the dead-man switch.
package struct PendingChange: Hashable, Codable, Sendable {
  /// The same on both ends without having to be told: who lost the connection in the middle can still ask for it.
  package struct ID: Hashable, Codable, Sendable, CustomStringConvertible {
    package let text: String
    package init(text: String) { self.text = text }

    /// Unique, because a run does one operation at most once on one host.
    package init(run: String, operation: Operation) {
      text = String(SHA256.hex("\(run) \(operation.steadyText)").prefix(16))
    }

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

extension Operation {
  /// All that it says, in the same words in every process: a dictionary lists its members in another order in each.
  fileprivate var steadyText: String {
    switch self {
    case .ensureLink(let goal):
      "\(name) \(goal.interface) \(goal.address)/\(goal.prefix) \(goal.gateway.map(\.description) ?? "-")"
    case .ensureAddress(let interface, let address, let prefix): "\(name) \(interface) \(address)/\(prefix)"
    case .ensureUnit(let goal):
      [name, goal.name, state(goal.enabled), state(goal.active), goal.reload.rawValue].joined(separator: " ")
        + goal.configuration.map { "\n\($0)" }.joined()
    case .ensureTree(let goal):
      "\(name) \(goal.root)"
        + goal.files.sorted { $0.key < $1.key }
        .map { "\n\($0.value.digest) \($0.value.executable ? "x" : "-") \($0.key)" }.joined()
    default: "\(self)"
    }
  }

  private func state(_ wanted: Bool?) -> String { wanted.map { $0 ? "yes" : "no" } ?? "-" }
}

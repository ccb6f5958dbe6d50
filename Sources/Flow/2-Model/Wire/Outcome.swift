// SPDX-License-Identifier: Apache-2.0

/// The effect of an operation.
package struct Outcome: Hashable, Codable, Sendable {
  /// False: the host was as desired already.
  package var changed: Bool
  /// One line for the record, such as "installed 3 packages".
  package var detail: String
  /// The host undoes it again unless it is confirmed in time.
  package var pending: PendingChange?

  package init(changed: Bool, detail: String, pending: PendingChange? = nil) {
    self.changed = changed
    self.detail = detail
    self.pending = pending
  }
}

/// Why an agent, or the way to it, failed. `next` says what to do about it.
package struct AgentError: Error, Hashable, Codable, Sendable {
  package enum Code: String, Hashable, Codable, CaseIterable, Sendable {
    // The way to the host.
    case unreachable, authentication, hostKey, connectionLost, protocolMismatch
    // The run.
    case staleGeneration, leaseHeld, deadline, cancelled
    /// The host has undone the change, because nobody confirmed it over a new connection.
    case rolledBack
    // The host.
    case diskFull, notFound, permission, commandFailed, packageSource, invalid, conflict
    // Other machines, seen from the host.
    case bmcUnreachable, bmcAuthentication, bmcCipher, bmcPrivilege, bmcLies, nodeSilent, nodeWrongImage, imageCorrupt
    /// A check of a package set did not pass, or could not be run.
    case checkFailed
  }

  package var code: Code
  /// The problem, without its cause.
  package var message: String
  /// The words of the program or the system.
  package var cause: String?
  /// The next thing to do.
  package var next: String

  package init(_ code: Code, _ message: String, cause: String? = nil, next: String) {
    self.code = code
    self.message = message
    self.cause = cause
    self.next = next
  }
}

extension AgentError: CustomStringConvertible {
  package var description: String { cause.map { "\(message): \($0)" } ?? message }
}

extension AgentError.Code {
  /// `agent.disk-full`: as `cluster explain` and the pages in `docs/diagnostics` name it.
  package var page: String {
    var name = ""
    for character in rawValue {
      if character.isUppercase, name.last?.isUppercase == false { name += "-" }
      name.append(character)
    }
    return "agent." + name.lowercased()
  }
}

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

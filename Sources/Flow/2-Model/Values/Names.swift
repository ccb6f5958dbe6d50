// SPDX-License-Identifier: Apache-2.0

/// The name of a machine in the spec: a head or a node.
package struct HostID: Hashable, Comparable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
  package let name: String
  package init(_ name: String) { self.name = name }
  package init(stringLiteral name: String) { self.name = name }
  package var description: String { name }
  package static func < (a: Self, b: Self) -> Bool { a.name < b.name }
}

/// The name of a secret, without its value: the part after `secret:` in the spec.
package struct SecretRef: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let name: String
  package init(_ name: String) { self.name = name }
  package var description: String { "secret:\(name)" }
  package static func < (a: Self, b: Self) -> Bool { a.name < b.name }

  /// The key by which corosync's members know each other: corosync.conf(5) `crypto_cipher`, corosync-keygen(8).
  package static let corosyncAuthkey = SecretRef("corosync/authkey")
  /// The key by which heads and the node that is their witness know each other.
  package static let corosyncWitness = SecretRef("corosync/witness")
  /// The key that nodes' host keys follow from.
  package static let nodeIdentities = SecretRef("nodes/identity-key")
  /// The key that signs what nodes boot, where the site asks for it.
  package static let bootSigning = SecretRef("boot/signing-key")
  /// Secrets of the site's own that are made by us: `secret:generated/munge`.
  private static let generated = "generated/"

  /// The number of random bytes that it is made from at first need. Nil: somebody has to bring it.
  package var generatedBytes: Int? {
    switch self {
    // corosync-keygen(8) makes as many, and so does mungekey(8).
    case .corosyncAuthkey: 128
    case .nodeIdentities, .bootSigning: 64
    // A private key of P-256.
    case .corosyncWitness: 32
    default: name.hasPrefix(Self.generated) ? 128 : nil
    }
  }
  package var isGenerated: Bool { generatedBytes != nil }
}

extension HostID: Codable {
  package init(from decoder: any Decoder) throws {
    self.init(try decoder.singleValueContainer().decode(String.self))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(name)
  }
}

extension SecretRef: Codable {
  package init(from decoder: any Decoder) throws {
    self.init(try decoder.singleValueContainer().decode(String.self))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(name)
  }
}

/// How nodes are treated where the spec does not say.
package enum NodePolicy {
  /// How many of so many nodes may be taken away at once: a quarter, and one of fewer than four. So the queue goes on,
  /// and a bad image stops after a quarter of them.
  package static func mostAway(of nodes: Int) -> Int { max(1, nodes / 4) }
}

/// The state of a machine's power, as its BMC reports it.
package enum PowerState: String, Hashable, Codable, Sendable { case on, off }

// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Writes the identity of every node where nginx serves it, and the public keys where ssh on this head looks for them.
package struct EnsureNodeIdentities: GoalOperation {
  package static let name = "ensureNodeIdentities"

  package let goal: NodeIdentitiesGoal
  package init(_ goal: NodeIdentitiesGoal) { self.goal = goal }

  package var secrets: Set<SecretRef> { Set(goal.secrets) }
  package var machine: HostID? { nil }
  package func claims(on host: HostID) -> [Claim] {
    [.tree(host, WellKnown.nodeIdentities), .path(host, WellKnown.nodeHostKeys)]
  }
  package var lockout: Lockout { .impossible }
  package var impact: Impact { .nothing }
  package var isRemoval: Bool { false }

  package var timing: OperationTiming {
    // Measured for a thousand nodes: their keys 0.1 s, writing and syncing a file for each 3.4 s on a busy disk.
    OperationTiming(expectedSeconds: 1, varies: true, deadline: .seconds(600), lane: nil)
  }
  package var expectation: Expectation? { nil }

  package var target: String { WellKnown.nodeIdentities }
  package func title(verb: String, machines: String) -> String {
    "write the \(goal.nodes.count == 1 ? "identity of 1 node" : "identities of \(goal.nodes.count) nodes")"
  }
  package var counting: CountingWords { CountingWords("write", "list of identities", "lists of identities") }
  package var undoing: String { "host keys follow from names, so they come back; secrets as the store has them then." }
}

/// Removes all identities, and the list of the nodes' public keys.
package struct EnsureNodeIdentitiesAbsent: HostOperation {
  package static let name = "ensureNodeIdentitiesAbsent"

  package init() {}

  package var secrets: Set<SecretRef> { [] }
  package var machine: HostID? { nil }
  package func claims(on host: HostID) -> [Claim] {
    [.tree(host, WellKnown.nodeIdentities), .path(host, WellKnown.nodeHostKeys)]
  }
  package var lockout: Lockout { .impossible }
  package var impact: Impact { .nothing }
  package var isRemoval: Bool { true }

  package var timing: OperationTiming {
    OperationTiming(expectedSeconds: 0.5, varies: false, deadline: .seconds(120), lane: nil)
  }
  package var expectation: Expectation? { nil }

  package var target: String { WellKnown.nodeIdentities }
  package func title(verb: String, machines: String) -> String { "remove the identities of nodes" }
  package var counting: CountingWords { CountingWords("remove", "list of identities", "lists of identities") }
  package var undoing: String { "an older spec, in which there are nodes, writes them again." }
}

/// The nodes, and the files that each gets besides its host key. Secrets are named, and travel beside it.
package struct NodeIdentitiesGoal: Hashable, Codable, Sendable {
  package struct Node: Hashable, Codable, Sendable {
    package var name: HostID
    /// The first is the one that it boots with, and gets its identity at.
    package var addresses: [IPv4Address]
    /// The key of its files: its image's name, with its own where it gets more than the image's other nodes.
    package var image: String

    package init(name: HostID, addresses: [IPv4Address], image: String) {
      self.name = name
      self.addresses = addresses
      self.image = image
    }
  }

  package var domain: String
  package var nodes: [Node]
  /// The files of nodes, by `Node.image`.
  package var files: [String: [ClientImage.Secret]]
  /// The digest of all of it: heads that have written it down have this.
  package let digest: String

  package init(domain: String, nodes: [Node], files: [String: [ClientImage.Secret]]) {
    self.domain = domain
    self.nodes = nodes
    self.files = files
    var text = "identities 1 \(domain)\n"
    for (image, secrets) in files.sorted(by: { $0.key < $1.key }) {
      for file in secrets { text += "\(image) \(file.secret.name) \(file.owner) \(file.mode) \(file.path)\n" }
    }
    for node in nodes {
      text += node.name.name
      for address in node.addresses {
        text += " "
        text += address.description
      }
      text += " "
      text += node.image
      text += "\n"
    }
    digest = SHA256.hex(text)
  }

  /// All that are needed to make them: the key of the site first.
  package var secrets: [SecretRef] {
    [.nodeIdentities] + Set(files.values.joined().map(\.secret)).sorted()
  }

  /// How many nodes have a file from this secret.
  package func nodes(with secret: SecretRef) -> Int {
    if secret == .nodeIdentities { return nodes.count }
    let images = Set(files.filter { $0.value.contains { $0.secret == secret } }.keys)
    return nodes.count { images.contains($0.image) }
  }
}

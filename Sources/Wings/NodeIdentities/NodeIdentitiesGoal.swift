// SPDX-License-Identifier: Apache-2.0
import ClusterModel

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
  /// Addresses from which heads log in to nodes.
  package var heads: [IPv4Address]
  package var nodes: [Node]
  /// The files of nodes, by `Node.image`.
  package var files: [String: [ClientImage.Secret]]
  /// The digest of all of it: heads that have written it down have this.
  package let digest: String

  package init(domain: String, heads: [IPv4Address], nodes: [Node], files: [String: [ClientImage.Secret]]) {
    self.domain = domain
    self.heads = heads
    self.nodes = nodes
    self.files = files
    var text = "identities 2 \(domain) \(heads.map(\.description).joined(separator: ","))\n"
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

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    domain = try values.decode(String.self, forKey: .domain)
    // Records of earlier versions lack it.
    heads = try values.decodeIfPresent([IPv4Address].self, forKey: .heads) ?? []
    nodes = try values.decode([Node].self, forKey: .nodes)
    files = try values.decode([String: [ClientImage.Secret]].self, forKey: .files)
    digest = try values.decode(String.self, forKey: .digest)
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

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
  /// Files of package sets that all nodes get.
  package var live: [LiveFile]
  /// Files of which each node has its own, by its name.
  package var own: [String: [LiveFile]]
  /// The digest of all of it: heads that have written it down have this.
  package let digest: String

  package init(
    domain: String, heads: [IPv4Address], nodes: [Node], files: [String: [ClientImage.Secret]],
    live: [LiveFile] = [], own: [String: [LiveFile]] = [:]
  ) {
    self.live = live
    self.own = own
    self.domain = domain
    self.heads = heads
    self.nodes = nodes
    self.files = files
    var text = "identities 2 \(domain) \(heads.map(\.description).joined(separator: ","))\n"
    for (image, secrets) in files.sorted(by: { $0.key < $1.key }) {
      for file in secrets { text += "\(image) \(file.secret.name) \(file.owner) \(file.mode) \(file.path)\n" }
    }
    for file in live { text += "live \(file.fingerprint)\n" }
    for node in nodes {
      text += node.name.name
      for file in own[node.name.name] ?? [] { text += " \(file.fingerprint)" }
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
    live = try values.decodeIfPresent([LiveFile].self, forKey: .live) ?? []
    own = try values.decodeIfPresent([String: [LiveFile]].self, forKey: .own) ?? [:]
    digest = try values.decode(String.self, forKey: .digest)
  }

  /// All that are needed to make them: the key of the site first.
  package var secrets: [SecretRef] {
    [.nodeIdentities] + Set(files.values.joined().map(\.secret)).sorted()
  }

  /// Everything in a node's identity but the values of secrets, in a few characters.
  package func tag(of node: Node, common: String) -> String {
    let own = (own[node.name.name] ?? []).map(\.fingerprint).joined(separator: " ")
    let secrets = (files[node.image] ?? []).map { "\($0.secret.name) \($0.owner) \($0.mode) \($0.path)" }
    return String(SHA256.hex("\(common)\n\(secrets.joined(separator: "\n"))\n\(own)").prefix(16))
  }

  /// The part that is the same for all nodes.
  package var commonFingerprint: String {
    "\(heads.map(\.description).joined(separator: ",")) \(live.map(\.fingerprint).joined(separator: " "))"
  }

  /// How many nodes have a file from this secret.
  package func nodes(with secret: SecretRef) -> Int {
    if secret == .nodeIdentities { return nodes.count }
    let images = Set(files.filter { $0.value.contains { $0.secret == secret } }.keys)
    return nodes.count { images.contains($0.image) }
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The identities that a head has written, compared with the secrets that travel beside the probe. Nil: it has none.
package struct NodeIdentitiesProbe: Probe {
  package typealias Answer = NodeIdentitiesState?

  package static let name = "nodeIdentities"

  /// Sorted, so that two who ask for the same ask the same.
  package let needed: [SecretRef]

  package init(_ needed: [SecretRef]) { self.needed = needed.sorted() }

  package var words: String { "identities of nodes" }

  /// Identities that are there cannot hold a secret that does not exist yet.
  package var secrets: ProbeSecrets {
    .compares(
      needed,
      without: SubstituteProbe(FileProbe(WellKnown.nodeIdentitiesNote, contents: false), for: Self.self) {
        $0 == .absent ? nil : NodeIdentitiesState(goal: "", others: [], isIntact: false)
      })
  }

  package func recorded(_ state: NodeIdentitiesState?, _ nodes: NodeNames) -> [ObservedLines] {
    [ObservedLines("identities", explained(state, nodes))]
  }

  package func explained(_ state: NodeIdentitiesState?, _ nodes: NodeNames) -> [String] {
    guard let state else { return ["identities absent"] }
    return ["identities \(state.goal.prefix(16)) \(state.isIntact ? "intact" : "changed")"]
      + state.others.map { "\($0) differs" }
  }
}

package struct NodeIdentitiesState: Hashable, Codable, Sendable {
  /// The digest of the goal that they were written for.
  package var goal: String
  /// Secrets that have another value now.
  package var others: [SecretRef]
  /// Whether the files are as they were written.
  package var isIntact: Bool
  /// A tag of each node's identity, by its name: a node that has taken it reports the same.
  package var tags: [String: String]

  package init(goal: String, others: [SecretRef], isIntact: Bool, tags: [String: String] = [:]) {
    self.goal = goal
    self.others = others
    self.isIntact = isIntact
    self.tags = tags
  }
}

/// A head's note of what it has written. It holds no secret, and no digest of one that could be guessed from it.
package struct NodeIdentitiesNote: Hashable, Codable, Sendable {
  package var goal: String
  /// A tag of each secret's value by the secret's name, made with the key of the site.
  package var tags: [String: String]
  /// The digest of all files that were written, with their modes.
  package var contents: String
  /// A tag of each node's identity, by its name.
  package var nodes: [String: String]

  package init(goal: String, tags: [String: String], contents: String, nodes: [String: String]) {
    self.goal = goal
    self.tags = tags
    self.contents = contents
    self.nodes = nodes
  }

  /// Made with the key of the site, as those of secrets are: nodes tell it to everybody on the boot network.
  package static func tag(ofIdentity bytes: [UInt8], site: [UInt8]) -> String {
    let tag = HMAC.hex(key: site, Array("cluster identity tag 1\0".utf8) + bytes)
    return String(tag.prefix(NodeReport.identityDigits))
  }

  /// Who does not know the key of the site, which no head keeps, cannot try values.
  package static func tag(_ secret: SecretRef, _ value: [UInt8], site: [UInt8]) -> String {
    HMAC.hex(key: site, Array("cluster secret tag 1\0\(secret.name)\0".utf8) + value)
  }

  /// The state that it tells of.
  ///
  /// - Parameter contents: the digest of the files as they are.
  package func state(contents: String, _ values: [(SecretRef, [UInt8])], site: [UInt8]) -> NodeIdentitiesState {
    let others = values.filter { tags[$0.0.name] != Self.tag($0.0, $0.1, site: site) }.map(\.0)
    return NodeIdentitiesState(goal: goal, others: others, isIntact: contents == self.contents, tags: nodes)
  }

  /// The digest of files: of the path, the mode and the contents of each.
  package static func contents(_ files: [(path: String, mode: UInt16, digest: String)]) -> String {
    var hash = SHA256()
    for file in files.sorted(by: { $0.path < $1.path }) {
      hash.update("\(file.path) \(file.mode) \(file.digest)\n".utf8)
    }
    return hash.finish()
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel

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
  /// Whether the witness gives its vote to this head. Nil: the head asks none.
  package var witness: Bool?

  package init(quorate: Bool, links: [Link], encrypted: Bool, members: [String], witness: Bool? = nil) {
    self.witness = witness
    self.quorate = quorate
    self.links = links
    self.encrypted = encrypted
    self.members = members
  }
}

/// Corosync's keys and values, as corosync-cmapctl(8) prints them: `totem.token (u32) = 1000`.
package struct CorosyncMap: Hashable, Sendable {
  private var values: [String: String] = [:]

  package init(parsing text: String) {
    for line in text.split(whereSeparator: \.isNewline) {
      guard let type = line.firstRange(of: " ("), let end = line[type.upperBound...].firstRange(of: ") = ") else {
        continue
      }
      values[String(line[..<type.lowerBound])] = String(line[end.upperBound...])
    }
  }

  package subscript(key: String) -> String? { values[key] }

  /// How many times a head has joined this head's membership since Corosync started here; nil where it never did.
  package func joins(of name: String) -> Int? {
    let id = nodes.first { $0.name == name }?.id
    return id.flatMap { self["runtime.members.\($0).join_count"] }.flatMap { Int($0) }
  }

  /// The heads that corosync.conf(5) lists, in its order.
  private var nodes: [(id: String, name: String, position: Int)] {
    var nodes: [(id: String, name: String, position: Int)] = []
    while let id = self["nodelist.node.\(nodes.count).nodeid"] {
      nodes.append((id, self["nodelist.node.\(nodes.count).name"] ?? id, nodes.count))
    }
    return nodes
  }

  /// The state that the keys describe, together with those of `corosync-cmapctl -m stats`.
  package func state(stats: CorosyncMap, quorate: Bool, witness: Bool? = nil) -> CorosyncState {
    let own = self["runtime.votequorum.this_node_id"]
    let nodes = nodes
    var links: [CorosyncState.Link] = []
    if let here = nodes.first(where: { $0.id == own }) {
      while let address = self["nodelist.node.\(here.position).ring\(links.count)_addr"] {
        let connected = nodes.allSatisfy { node in
          node.id == own || stats["stats.knet.node\(node.id).link\(links.count).connected"] == "1"
        }
        links.append(.init(number: links.count, address: address, connected: connected))
      }
    }
    let cipher = self["totem.crypto_cipher"] ?? "none"
    let hash = self["totem.crypto_hash"] ?? "none"
    return CorosyncState(
      quorate: quorate, links: links, encrypted: cipher != "none" && hash != "none",
      members: nodes.filter { self["runtime.members.\($0.id).status"] == "joined" }.map(\.name), witness: witness)
  }
}

/// Answers of corosync-quorumtool(8).
package enum QuorumTool {
  /// Whether the witness gives its vote to this head, from the status: the column says `A,V,NMW` where it is alive (A)
  /// and votes (V), and `NR` where it is not registered. Nil: this head asks none.
  package static func witness(_ status: String) -> Bool? {
    for line in status.split(whereSeparator: \.isNewline) where line.contains("(local)") {
      let words = line.split(separator: " ")
      guard words.count >= 4, words[0].allSatisfy(\.isNumber) else { continue }
      let flags = words[2].split(separator: ",")
      if flags.contains("NR") { return nil }
      if flags.contains("A") || flags.contains("NA") { return flags.contains("A") && flags.contains("V") }
    }
    return nil
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Something that is asked again and again from outside of the machines: `http 10.1.0.10`.
package struct ProbeTarget: Hashable, Codable, Sendable, CustomStringConvertible {
  package enum Question: Hashable, Codable, Sendable {
    /// An echo request (RFC 792).
    case ping
    /// Any answer on UDP port 53, even a refusal, to a question about a name that the server answers by itself. Names
    /// of others it forwards: while nobody answers there, its table of open queries fills up, and it refuses new ones.
    case dns(name: String)
    /// A status line on TCP port 80.
    case http

    var word: String {
      switch self {
      case .ping: "ping"
      case .dns: "dns"
      case .http: "http"
      }
    }
  }

  package var question: Question
  package var address: IPv4Address

  package init(_ question: Question, _ address: IPv4Address) {
    self.question = question
    self.address = address
  }

  /// Reads `http:10.1.0.10` or `dns:10.1.0.10:alps.example.org`.
  package init?(_ text: String) {
    let parts = text.split(separator: ":")
    guard parts.count >= 2, let address = IPv4Address(parts[1]) else { return nil }
    switch (parts[0], parts.count) {
    case ("ping", 2): self.init(.ping, address)
    case ("http", 2): self.init(.http, address)
    case ("dns", 3): self.init(.dns(name: String(parts[2])), address)
    default: return nil
    }
  }

  package var argument: String {
    guard case .dns(let name) = question else { return "\(question.word):\(address)" }
    return "\(question.word):\(address):\(name)"
  }

  package var description: String { "\(question.word) \(address)" }

  /// The service addresses of a cluster, and what is promised on them.
  package static func all(of cluster: Cluster) -> [ProbeTarget] {
    guard let policy = cluster.ha else { return [] }
    return policy.addresses.flatMap { address in
      var targets = [ProbeTarget(.ping, address.address)]
      let served = cluster.network(address.network)?.serves ?? []
      if served.contains(.dns), policy.moves("dns") {
        targets.append(ProbeTarget(.dns(name: cluster.domain), address.address))
      }
      if served.contains(.boot), policy.moves("boot") { targets.append(ProbeTarget(.http, address.address)) }
      return targets
    }
  }
}

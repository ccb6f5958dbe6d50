// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Something that is asked again and again from outside of the machines: `http 10.1.0.10`.
package struct ProbeTarget: Hashable, Codable, Sendable, CustomStringConvertible {
  package enum Question: String, Hashable, Codable, CaseIterable, Sendable {
    /// An echo request (RFC 792).
    case ping
    /// Any answer on UDP port 53, also a refusal.
    case dns
    /// A status line on TCP port 80.
    case http
  }

  package var question: Question
  package var address: IPv4Address

  package init(_ question: Question, _ address: IPv4Address) {
    self.question = question
    self.address = address
  }

  /// From `http:10.1.0.10`.
  package init?(_ text: String) {
    let parts = text.split(separator: ":")
    guard parts.count == 2, let question = Question(rawValue: String(parts[0])), let address = IPv4Address(parts[1])
    else {
      return nil
    }
    self.init(question, address)
  }

  package var argument: String { "\(question.rawValue):\(address)" }
  package var description: String { "\(question.rawValue) \(address)" }

  /// The service addresses of a cluster, and what is promised on them.
  package static func all(of cluster: Cluster) -> [ProbeTarget] {
    guard let policy = cluster.ha else { return [] }
    return policy.addresses.flatMap { address in
      var targets = [ProbeTarget(.ping, address.address)]
      let served = cluster.network(address.network)?.serves ?? []
      if served.contains(.dns), policy.services.contains(.dns) { targets.append(ProbeTarget(.dns, address.address)) }
      if served.contains(.boot), policy.services.contains(.boot) { targets.append(ProbeTarget(.http, address.address)) }
      return targets
    }
  }
}

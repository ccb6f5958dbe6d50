// SPDX-License-Identifier: Apache-2.0

/// Ports of the heads that something must be able to reach, and where it comes from.
package struct FirewallNeed: Hashable, Sendable {
  package enum Transport: String, Hashable, Codable, CaseIterable, Sendable { case tcp, udp }

  package struct Port: Hashable, Codable, Sendable {
    package var transport: Transport
    package var numbers: ClosedRange<Int>

    package init(_ transport: Transport, _ numbers: ClosedRange<Int>) {
      self.transport = transport
      self.numbers = numbers
    }

    package static func tcp(_ number: Int) -> Port { Port(.tcp, number...number) }
    package static func udp(_ number: Int) -> Port { Port(.udp, number...number) }

    package func covers(_ other: Port) -> Bool {
      transport == other.transport && numbers.lowerBound <= other.numbers.lowerBound
        && other.numbers.upperBound <= numbers.upperBound
    }
  }

  package enum Origin: Hashable, Sendable {
    case anywhere
    /// Whoever is on the cable of a described network, also without an address of it.
    case cards(network: String)
    /// Machines with an address of a described network. Where a head has a card there, they come by that card.
    case network(String)
    /// The other heads, at their addresses on a network.
    case otherHeads(network: String)
    /// Addresses outside of what is described.
    case addresses(IPv4Network)
    case addresses6(IPv6Network)
  }

  /// A few words on what answers there, for whoever reads the rules.
  package var purpose: String
  package var ports: [Port]
  package var origin: Origin

  package init(_ purpose: String, _ ports: [Port], from origin: Origin) {
    self.purpose = purpose
    self.ports = ports
    self.origin = origin
  }
}

extension FirewallNeed.Port {
  /// As nft(8) writes it: `53`, `8000-8010`.
  package var span: String {
    numbers.count == 1 ? "\(numbers.lowerBound)" : "\(numbers.lowerBound)-\(numbers.upperBound)"
  }
}

extension FirewallNeed.Port: CustomStringConvertible {
  package var description: String { "\(transport.rawValue) \(span)" }
}

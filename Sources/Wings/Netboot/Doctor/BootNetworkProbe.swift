// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// A boot network as a machine on one of this head's cards sees it. Nil: the head has no such card.
///
/// Looking sends a DHCPDISCOVER, ARP requests, pings and fetches what a node fetches. It changes nothing: no address is
/// asked for.
package struct BootNetworkProbe: Probe {
  package typealias Answer = BootNetworkSight?

  package static let name = "bootNetwork"

  package let goal: BootNetworkGoal

  package init(_ goal: BootNetworkGoal) { self.goal = goal }

  package var words: String { "the network at \(goal.card)" }
  package var secrets: ProbeSecrets { .none }

  /// Who else is on a network is not the cluster's doing, and is not kept.
  package func recorded(_ answer: BootNetworkSight?, _ nodes: NodeNames) -> [ObservedLines] { [] }

  package func explained(_ answer: BootNetworkSight?, _ nodes: NodeNames) -> [String] {
    (answer?.offers ?? []).map { "\($0.server) offers \($0.address)" }
  }
}

/// The things that are looked at on a network.
package struct BootNetworkGoal: Hashable, Codable, Sendable {
  package var card: String
  /// Whose address is asked for, so that the heads answer. Nil: nobody's, and only others do.
  package var mac: MACAddress?
  /// Where machines find the heads.
  package var server: IPv4Address?
  /// A name that its resolver has to know. Nil: the heads do not answer for names there.
  package var name: String?
  /// Whether it serves boot: TFTP and HTTP are asked.
  package var boots: Bool
  /// Addresses that one machine alone may have.
  package var addresses: [IPv4Address]

  /// No more addresses are asked for in one look.
  package static let mostAddresses = 128

  package init(
    card: String, mac: MACAddress?, server: IPv4Address?, name: String?, boots: Bool, addresses: [IPv4Address]
  ) {
    self.card = card
    self.mac = mac
    self.server = server
    self.name = name
    self.boots = boots
    self.addresses = Array(addresses.prefix(Self.mostAddresses))
  }
}

/// The sight of a network. Anybody there can say any of it: it is shown, and decides nothing.
package struct BootNetworkSight: Hashable, Codable, Sendable {
  /// An answer to a DHCPDISCOVER.
  package struct Offer: Hashable, Codable, Sendable {
    /// The server by its own word, or where the packet came from.
    package var server: IPv4Address
    package var hardware: MACAddress
    /// The address that it offers. 0.0.0.0: a boot server alone.
    package var address: IPv4Address
    /// The file that it has machines boot, cut to `longestFile`.
    package var file: String?

    package static let longestFile = 100

    package init(server: IPv4Address, hardware: MACAddress, address: IPv4Address, file: String?) {
      self.server = server
      self.hardware = hardware
      self.address = address
      self.file = file.map { String($0.prefix(Self.longestFile)).visibleLine }
    }
  }

  /// The machines that say an address is theirs.
  package struct Owner: Hashable, Codable, Sendable {
    package var address: IPv4Address
    package var machines: [MACAddress]

    package init(address: IPv4Address, machines: [MACAddress]) {
      self.address = address
      self.machines = machines
    }
  }

  package struct Service: Hashable, Codable, Sendable {
    package var name: String
    /// Why it is of no use. Nil: it answers as it has to.
    package var problem: String?

    package init(_ name: String, problem: String?) {
      self.name = name
      self.problem = problem
    }
  }

  package var offers: [Offer] = []
  package var owners: [Owner] = []
  package var services: [Service] = []
  /// The largest packet of the card, in bytes.
  package var mtu: Int
  /// How many machines were sent one as large, and those that small packets alone reach.
  package var pinged = 0
  package var narrow: [IPv4Address] = []
  /// Things that could not be looked at, and why.
  package var unknown: [String] = []

  /// No more servers are listed: a stranger can make up as many as it likes.
  package static let mostOffers = 16

  package init(mtu: Int) { self.mtu = mtu }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Brings an interface to the addresses that its systemd-networkd file now says.
package struct EnsureLink: GoalOperation {
  package static let name = "ensureLink"

  package let goal: LinkGoal
  package init(_ goal: LinkGoal) { self.goal = goal }

  package var secrets: Set<SecretRef> { [] }
  package var machine: HostID? { nil }
  package func claims(on host: HostID) -> [Claim] { [.link(host, goal.interface)] }
  package var lockout: Lockout {
    .immediate(
      Lockout.Touched(
        unit: "systemd-networkd.service",
        addresses: [.init(interface: goal.interface, address: .v4(goal.address), prefix: goal.prefix)]
          + (goal.ipv6.map { [.init(interface: goal.interface, address: .v6($0.address), prefix: $0.prefix)] } ?? [])))
  }
  package var impact: Impact { .machine(nil) }
  package var isRemoval: Bool { false }

  package var timing: OperationTiming {
    // networkctl(1) reload and the wait for the addresses.
    OperationTiming(expectedSeconds: 2, varies: false, deadline: .seconds(120), lane: nil)
  }
  package var expectation: Expectation? { nil }

  package var target: String { "\(goal.interface) \(goal.address)/\(goal.prefix)" }
  package func title(verb: String, machines: String) -> String {
    "configure \(goal.interface) with \(goal.address)/\(goal.prefix)"
      + (goal.ipv6.map { " and \($0.text)" } ?? "")
  }
  package var counting: CountingWords { CountingWords("configure", "interface", "interfaces") }
  package var undoing: String { "an older spec puts the old setting back, with the same interruption again." }
}

package struct LinkGoal: Hashable, Codable, Sendable {
  package var interface: String
  package var address: IPv4Address
  package var prefix: Int
  package var gateway: IPv4Address?
  /// Its part of IPv6. Nil: nothing is said of it, and what is there stays.
  package var ipv6: IPv6?
  /// The largest packet, in bytes. Nil: what the card has.
  package var mtu: Int?
  /// Ways to other networks. Nil: none.
  package var routes: [StaticRoute]?
  /// VLANs that it carries. Nil: none.
  package var vlans: [String]?
  /// systemd-networkd makes it of other interfaces. Nil: it is a card.
  package var made: MadeInterface?
  /// The number of its own routing table, where it is not the only card on its network.
  package var table: Int?
  /// The addresses that its file has named until now. networkd takes them away, unless it was restarted meanwhile: it
  /// then counts them among those of others (`KeepConfiguration=` in systemd.network(5)).
  package var former: [Former]?
  /// The routes that its file has named until now.
  package var formerRoutes: [StaticRoute]?
  /// The gateways of IPv6 that its file has named until now.
  package var formerGateways6: [IPv6Address]?

  package struct IPv6: Hashable, Codable, Sendable {
    package var address: IPv6Address
    package var prefix: Int
    /// The router. Nil: IPv6 does not leave by this interface.
    package var gateway: Network.IPv6.Gateway?

    package init(address: IPv6Address, prefix: Int, gateway: Network.IPv6.Gateway? = nil) {
      self.address = address
      self.prefix = prefix
      self.gateway = gateway
    }

    package var text: String { "\(address)/\(prefix)" }
    /// The router, where the description names it.
    package var router: IPv6Address? {
      if case .address(let router)? = gateway { router } else { nil }
    }
  }

  package struct Former: Hashable, Codable, Sendable {
    package var address: IPAddress
    package var prefix: Int

    /// As a systemd.network(5) file has it: `10.1.0.1/16`.
    package init?(_ text: some StringProtocol) {
      let parts = text.split(separator: "/", omittingEmptySubsequences: false)
      guard parts.count == 2, let address = IPAddress(parts[0]), let prefix = Int(parts[1]),
        0...(address.isIPv6 ? 128 : 32) ~= prefix
      else { return nil }
      (self.address, self.prefix) = (address, prefix)
    }

    package var text: String { "\(address)/\(prefix)" }
  }

  package init(
    interface: String, address: IPv4Address, prefix: Int, gateway: IPv4Address?, former: [Former]? = nil
  ) {
    self.former = former
    self.interface = interface
    self.address = address
    self.prefix = prefix
    self.gateway = gateway
  }
}

/// Adds a service address by hand, before Pacemaker runs for the first time.
package struct EnsureAddress: HostOperation {
  package static let name = "ensureAddress"

  package let interface: String
  package let address: IPAddress
  package let prefix: Int

  package init(interface: String, address: IPAddress, prefix: Int) {
    self.interface = interface
    self.address = address
    self.prefix = prefix
  }

  package var secrets: Set<SecretRef> { [] }
  package var machine: HostID? { nil }
  package func claims(on host: HostID) -> [Claim] { [] }
  package var lockout: Lockout {
    .immediate(Lockout.Touched(addresses: [.init(interface: interface, address: address, prefix: prefix)]))
  }
  package var impact: Impact { .nothing }
  package var isRemoval: Bool { false }

  package var timing: OperationTiming {
    OperationTiming(expectedSeconds: 0.1, varies: false, deadline: .seconds(60), lane: nil)
  }
  package var expectation: Expectation? { nil }

  package var target: String { "\(address)/\(prefix) on \(interface)" }
  package func title(verb: String, machines: String) -> String { "add \(address)/\(prefix) to \(interface)" }
  package var counting: CountingWords { CountingWords("add", "service address", "service addresses") }
  package var undoing: String { "an older spec puts the old setting back, with the same interruption again." }
}

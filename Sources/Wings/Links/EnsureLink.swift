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
        address: .init(interface: goal.interface, address: goal.address, prefix: goal.prefix)))
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
  }
  package var counting: CountingWords { CountingWords("configure", "interface", "interfaces") }
  package var undoing: String { "an older spec puts the old setting back, with the same interruption again." }
}

package struct LinkGoal: Hashable, Codable, Sendable {
  package var interface: String
  package var address: IPv4Address
  package var prefix: Int
  package var gateway: IPv4Address?
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

  package struct Former: Hashable, Codable, Sendable {
    package var address: IPv4Address
    package var prefix: Int

    /// As a systemd.network(5) file has it: `10.1.0.1/16`.
    package init?(_ text: some StringProtocol) {
      let parts = text.split(separator: "/", omittingEmptySubsequences: false)
      guard parts.count == 2, let address = IPv4Address(parts[0]), let prefix = Int(parts[1]), 0...32 ~= prefix else {
        return nil
      }
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
  package let address: IPv4Address
  package let prefix: Int

  package init(interface: String, address: IPv4Address, prefix: Int) {
    self.interface = interface
    self.address = address
    self.prefix = prefix
  }

  package var secrets: Set<SecretRef> { [] }
  package var machine: HostID? { nil }
  package func claims(on host: HostID) -> [Claim] { [] }
  package var lockout: Lockout {
    .immediate(Lockout.Touched(address: .init(interface: interface, address: address, prefix: prefix)))
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

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// Machines switched on and off through their BMCs. Wants nothing itself: other wings and `cluster power` do.
package enum Power: Wing {
  package static let name = "power"
  package static let kinds: [AnyKind] = []
  package static let operations: [any HostOperation.Type] = [EnsurePower.self, EnsurePowerCycled.self]
  package static let probes: [any Probe.Type] = [PowerProbe.self, PowerCycleProbe.self]
  package static let keys = [
    WingKey(key), WingKey(speech, in: .bmc), own(cipher), WingKey(port, in: .bmc), own(target), own(system),
  ]
  package static let errands: [any Errand.Type] = [PowerErrand.self]

  /// The queue of all orders to BMCs on one head. Its width is `power.at_once`: they cost the head next to nothing, but
  /// machines that start together are a surge of current.
  package static let lane = "bmc"
  private static let key = Key(
    "power", PowerPolicy.form, "How machines are switched on and off through their BMCs. Default: 64 at once.")

  private static let speech = Key(
    "protocol",
    .choice(
      PowerProtocols.all.map { ($0.name, BMC.BMCProtocol(rawValue: $0.name)) }, what: "a protocol of BMCs"),
    "How it is spoken to: ipmi, version 2.0 over LAN, or redfish, over HTTPS. Default: ipmi.")

  private static let cipher = Key(
    "cipher", .number(of: PowerProtocols.suites, what: "a cipher suite with which nobody else can give orders"),
    "The cipher suite of sessions with it: 17 and 16 by SHA-256, 3 and 2 by SHA-1. Default: 17, or 3 where it refuses that."
  )

  private static let port = Key(
    "port", .integer(1...65535),
    "The port that it answers at. Default: 623 for ipmi, by UDP, and 443 for redfish, by TCP.")

  private static let target = Key(
    "target", .busAddress,
    "ipmi: the address, on the management bus of a chassis, of the controller that is meant: `0x72`. The one at "
      + "`address` passes on what is said. Default: none.")

  private static let system = Key(
    "system", .countedWord("the name of a system", example: "System.Embedded.1"),
    "redfish: the system that is meant, as `/redfish/v1/Systems` lists it; `+` after digits counts up with the names. "
      + "Default: the only one that there is.")

  /// A key that not every protocol has.
  private static func own<Value: Hashable & Sendable>(_ key: Key<Value>) -> WingKey {
    WingKey(key, in: .bmc) { fields, span, problems in
      guard let first = PowerProtocols.all.first else { return }
      var name = first.name
      if case .scalar(let scalar)? = fields.entry(speech.name)?.value.content { name = scalar.text }
      guard let spoken = PowerProtocols.all.first(where: { $0.name == name }), !spoken.keys.contains(key.name),
        let other = PowerProtocols.all.first(where: { $0.keys.contains(key.name) })
      else { return }
      problems.error(
        .noEffect, "`\(key.name)` is for BMCs that speak \(other.name), and this one speaks \(name).",
        help: "Remove it, or write `protocol: \(other.name)`.", at: span)
    }
  }

  /// Agents that speak a protocol of ours.
  package static func problems(_ cluster: Cluster) -> [Diagnostic] {
    var told: Set<SourceSpan> = []
    return cluster.nodes.compactMap { node in
      guard let agent = node.bmc?.agent, told.insert(node.source).inserted else { return nil }
      return problem(agent, node.name, node.source)
    }
  }

  private static func problem(_ agent: FenceAgent, _ name: HostID, _ source: SourceSpan) -> Diagnostic? {
    guard let speech = PowerProtocols.all.first(where: { $0.fenceAgents.contains(agent.name) }) else { return nil }
    return Diagnostic(
      .powerAgent, "`\(agent.name)` is to switch `\(name)`, and what it asks is a BMC.",
      help: "Write `bmc: { address: …, protocol: \(speech.name), user: …, password: secret:… }` in the place of "
        + "`power:`: the agent would have the password on a command line.", at: source)
  }

  package static func lanes(_ cluster: Cluster) -> [String: Int] {
    [lane: policy(cluster).atOnce]
  }

  static func policy(_ cluster: Cluster) -> PowerPolicy {
    cluster.settings[key.name]?.value as? PowerPolicy ?? PowerPolicy()
  }

  package static func resources(
    _ cluster: Cluster, _ files: SiteFiles, _ published: Publications
  ) -> [Resource] { [] }
}

/// The value of `power:`.
package struct PowerPolicy: Hashable, Section {
  package typealias Declaration = PowerPolicy

  /// Orders to BMCs that are in flight on one head at most.
  var atOnce = 64
  /// Nodes that are on their way up at most: all of them fetch their image from the active head.
  package var boots = 256

  package init() {}

  package static let noun = "`power`"
  package static let doc = "Limits of what is done through BMCs."

  static let atOnce = Key(
    "at_once", .integer(1...1024), "How many BMCs one head gives an order to at once. Default: 64.")

  static let boots = Key(
    "boots", .integer(1...100_000),
    "How many nodes may be on their way up at once: they all fetch their image from the active head. Default: 256.")

  package static let keys = [atOnce.description, boots.description]

  package static func read(_ fields: Fields, _ problems: inout Problems) -> PowerPolicy {
    var policy = PowerPolicy()
    if let number = fields.read(atOnce, &problems)?.value { policy.atOnce = number }
    if let number = fields.read(boots, &problems)?.value { policy.boots = number }
    return policy
  }
}

extension Form where Value == Int {
  /// A controller's address on an IPMB, as ipmitool(1) and the manuals of chassis have it.
  fileprivate static var busAddress: Form {
    let range = 0x02...0xfe
    return text(
      "an address on a management bus", code: .badNumber, pattern: "^0x[0-9a-fA-F]{2}$", examples: ["0x72"]
    ) { text in
      guard text.hasPrefix("0x"), text.utf8.count == 4, let value = Int(text.dropFirst(2), radix: 16),
        range.contains(value)
      else {
        return .wrong(
          "`\(shown(text))` is not an address on a management bus.",
          help: "Write it as the chassis' manual has it, in two hexadecimal digits from 0x02 to 0xfe: `0x72`.")
      }
      return .value(value)
    }
  }
}

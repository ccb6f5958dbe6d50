// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import SpecForms

/// Machines switched on and off through their BMCs. Wants nothing itself: other wings and `cluster power` do.
package enum Power: Wing {
  package static let name = "power"
  package static let kinds: [AnyKind] = []
  package static let operations: [any HostOperation.Type] = [EnsurePower.self, EnsurePowerCycled.self]
  package static let probes: [any Probe.Type] = [PowerProbe.self, PowerCycleProbe.self]
  package static let keys = [
    WingKey(key), WingKey(speech, in: .bmc), WingKey(cipher, in: .bmc), WingKey(port, in: .bmc),
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
    "How it is spoken to. Default: ipmi, version 2.0 over LAN.")

  private static let cipher = Key(
    "cipher", .number(of: PowerProtocols.suites, what: "a cipher suite with which nobody else can give orders"),
    "The cipher suite of sessions with it: 17 and 16 by SHA-256, 3 and 2 by SHA-1. Default: 17, or 3 where it refuses that."
  )

  private static let port = Key("port", .integer(1...65535), "The UDP port that it answers at. Default: 623.")

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

// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The newest report of every node that has booted from this head.
package struct NodeReportsProbe: Probe {
  package typealias Answer = [NodeReport]

  package static let name = "nodeReports"

  package init() {}

  package var words: String { "node reports" }
  package var secrets: ProbeSecrets { .none }

  package func recorded(_ reports: [NodeReport], _ nodes: NodeNames) -> [ObservedLines] {
    [ObservedLines("nodes", explained(reports, nodes))]
  }

  /// When a node last reported is left out: that is another time in every run.
  package func explained(_ reports: [NodeReport], _ nodes: NodeNames) -> [String] {
    reports.map { report in
      "\(nodes[report.mac]) \(report.stage.rawValue) \(report.image ?? "-") \(report.verified ? "verified" : "-")"
    }.sorted()
  }
}

/// The report of a node about itself, over HTTP to the address of the heads that it booted from.
package struct NodeReport: Hashable, Codable, Sendable {
  package enum Stage: String, Hashable, Codable, CaseIterable, Sendable {
    /// The head was about to switch it on, or off and on: what it said before was said by a boot that is over. From
    /// the head itself.
    case powered
    /// DHCP answered; from dnsmasq's log or lease file.
    case dhcp
    /// The boot script was fetched.
    case script
    /// The image's root was fetched.
    case image
    /// systemd is up and the node reports.
    case ready
    /// The image did not match its digest.
    case failed
  }

  package var mac: MACAddress
  package var stage: Stage
  /// The image the node says it runs or fetched, as `name/digest`.
  package var image: String?
  /// Whether the node itself checked the image's SHA-256.
  package var verified: Bool
  /// Seconds since it was heard, by the head's clock: those of two machines need not agree.
  package var age: Int
  /// Seconds the node had been up when it reported.
  package var uptime: Int?
  package var detail: String?
  /// The head's address that the node spoke to. Nil: unknown, where the log was written by an earlier version.
  package var server: IPv4Address?
  /// Seconds since the newest `ready` before this report, if this is another one. Nil: there was none.
  package var readyAge: Int?
  /// Seconds since the head switched the node's power, if that was before this report. Nil: it did not.
  package var poweredAge: Int?

  /// The detail of `powered` where the machine was switched off, and not on again.
  package static let off = "off"

  /// Whether the newest that is known of the node is that a head has switched it off.
  package var isSwitchedOff: Bool { stage == .powered && detail == Self.off }

  /// Seconds for which a node that was ready is taken to be at work still, whatever is said of it later.
  package static let lately = 600
  /// Seconds that a boot may take, from power to ready.
  package static let longestBoot = 1200

  package init(
    mac: MACAddress, stage: Stage, image: String?, verified: Bool, age: Int, uptime: Int?, detail: String? = nil,
    server: IPv4Address? = nil, readyAge: Int? = nil, poweredAge: Int? = nil
  ) {
    self.mac = mac
    self.stage = stage
    self.image = image
    self.verified = verified
    self.age = age
    self.uptime = uptime
    self.detail = detail
    self.server = server
    self.readyAge = readyAge
    self.poweredAge = poweredAge
  }

  /// Seconds since the newest `ready`, be it this report or one before.
  package var lastReady: Int? { stage == .ready ? age : readyAge }
  /// Seconds since the head switched the node's power, be it this report or one before.
  package var lastPowered: Int? { stage == .powered ? age : poweredAge }

  /// Whether the node was ready within the last minutes, and its power was not switched since: it may be at work.
  ///
  /// Anybody on the boot network can report for a node. So a later report that it failed informs, and does not decide.
  package var wasReadyLately: Bool {
    guard let ready = lastReady, ready <= Self.lately else { return false }
    return lastPowered.map { $0 > ready } ?? true
  }

  /// Whether it cannot have come from the boot that a head began when it switched the node's power: that one is on its
  /// way still, and this is somebody else's or from before. A node that has come up says since when. One that is heard
  /// long after was not switched at all: its BMC did not answer after the head had made its note.
  package var isFromAnotherBoot: Bool {
    guard stage == .ready, let lastPowered, lastPowered <= Self.longestBoot else { return false }
    return uptime.map { $0 > lastPowered + 5 } ?? true
  }

  /// This report with what another head has heard of the node before.
  package func joined(with other: NodeReport) -> NodeReport {
    var newest = other.age < age ? other : self
    if newest.stage != .ready { newest.readyAge = [lastReady, other.lastReady].compactMap(\.self).min() }
    if newest.stage != .powered { newest.poweredAge = [lastPowered, other.lastPowered].compactMap(\.self).min() }
    return newest
  }

  /// Whether the node speaks to another address than this one. False while either is unknown.
  package func speaks(toAnotherThan server: IPv4Address?) -> Bool {
    guard let server, let mine = self.server else { return false }
    return mine != server
  }
}

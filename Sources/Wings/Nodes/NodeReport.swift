// SPDX-License-Identifier: Apache-2.0
import ClusterModel

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
    /// The node could not boot its image, and says why.
    case failed
    /// Others spoke for it, and it has said nothing that counts: see `elsewhere`.
    case elsewhere

    /// Whether a node may say this of itself. All other stages are seen by the head.
    package var isSaid: Bool { self == .ready || self == .failed }
  }

  /// News of a machine that does not count: not from the address that is reserved for it, or from a port that any user
  /// of that machine may use. It is shown, and decides nothing.
  package struct Elsewhere: Hashable, Codable, Sendable {
    package var address: IPv4Address
    /// Whether it came from a port below 1024, which root alone may use.
    package var isPrivileged: Bool
    /// Seconds since it was heard.
    package var age: Int

    package init(address: IPv4Address, isPrivileged: Bool, age: Int) {
      self.address = address
      self.isPrivileged = isPrivileged
      self.age = age
    }
  }

  /// The ends of the checks that a node runs by itself: see `NodeReadiness`.
  package struct Checked: Hashable, Codable, Sendable {
    /// The tag of the list that it has run.
    package var tag: String
    /// Checks that have not passed, or the first few of them.
    package var failing: [CheckID]

    /// Names that are taken from one report.
    package static let most = 8

    package init(tag: String, failing: [CheckID] = []) {
      self.tag = tag
      self.failing = failing
    }
  }

  package var mac: MACAddress
  package var stage: Stage
  /// The image the node says it runs or fetched, as `name/digest`: nothing else that it says gets in here.
  package var image: String?
  /// Whether the node itself checked the image's SHA-256.
  package var verified: Bool
  /// Seconds since it was heard, by the head's clock: those of two machines need not agree.
  package var age: Int
  /// Seconds the node had been up when it reported.
  package var uptime: Int?
  /// The node's own words, cut to `longestDetail`. They are shown quoted.
  package var detail: String?
  /// The head's address that the node spoke to. Nil: unknown, where the log was written by an earlier version.
  package var server: IPv4Address?
  /// Seconds since the newest `ready` before this report, if this is another one. Nil: there was none.
  package var readyAge: Int?
  /// The image of that `ready`. Root of a node can say anything of it, and what it runs stays what it runs.
  package var readyImage: String?
  /// Seconds since the head switched the node's power, if that was before this report. Nil: it did not.
  package var poweredAge: Int?
  /// The address that it came from: the one that was reserved for the machine then. Nil: the head said it.
  package var address: IPv4Address?
  /// Seconds between two reports of a node that is ready, by its own word.
  package var every: Int?
  /// The tag of the identity that it has taken, by its own word. Nil: it does not say.
  package var identity: String?
  /// The tag of the kernel arguments that it was started with, by its own word: see `KernelArguments`. Nil: none of the
  /// description's.
  package var arguments: String?
  /// How its own checks have ended, by its own word. Nil: it does not say, and nobody knows.
  package var checked: Checked?
  /// The newest that does not count.
  package var elsewhere: Elsewhere?

  /// Hexadecimal digits of an identity's tag.
  package static let identityDigits = 32

  /// Characters that are kept of what a node says.
  package static let longestDetail = 200

  /// The detail of `powered` where the machine was switched off, and not on again.
  package static let off = "off"

  /// Whether the newest that is known of the node is that a head has switched it off.
  package var isSwitchedOff: Bool { stage == .powered && detail == Self.off }

  /// Seconds for which a node that was ready is taken to be at work still, whatever is said of it later; more where
  /// reports are rarer.
  package static let lately = 600
  /// Seconds that a boot may take, from power to ready.
  package static let longestBoot = 1200

  package init(
    mac: MACAddress, stage: Stage, image: String?, verified: Bool, age: Int, uptime: Int?, detail: String? = nil,
    server: IPv4Address? = nil, readyAge: Int? = nil, readyImage: String? = nil, poweredAge: Int? = nil,
    address: IPv4Address? = nil, every: Int? = nil, identity: String? = nil, elsewhere: Elsewhere? = nil
  ) {
    self.readyImage = readyImage
    self.identity = identity
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
    self.address = address
    self.every = every
    self.elsewhere = elsewhere
  }

  /// Seconds since the newest `ready`, be it this report or one before.
  package var lastReady: Int? { stage == .ready ? age : readyAge }
  /// The image of the newest `ready`, be it this report or one before.
  package var lastReadyImage: String? { stage == .ready ? image : readyImage }
  /// Images that its machine may be running, or be about to.
  package var images: Set<String> { Set([image, lastReadyImage].compactMap(\.self)) }
  /// Seconds since the head switched the node's power, be it this report or one before.
  package var lastPowered: Int? { stage == .powered ? age : poweredAge }

  /// Whether the node was ready within the last minutes, and its power was not switched since: it may be at work.
  ///
  /// Root of the node can say anything of it. So a later report that it failed informs, and does not decide.
  package var wasReadyLately: Bool {
    guard let ready = lastReady, ready <= max(Self.lately, silentAfter + 1) else { return false }
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
    // What does not count is not newer than what does.
    let isMine = (stage == .elsewhere) == (other.stage == .elsewhere) ? age <= other.age : stage != .elsewhere
    var newest = isMine ? self : other
    newest.elsewhere = [elsewhere, other.elsewhere].compactMap(\.self).min { $0.age < $1.age }
    newest.every = newest.every ?? every ?? other.every
    if newest.stage != .ready {
      newest.readyAge = [lastReady, other.lastReady].compactMap(\.self).min()
      newest.readyImage = lastReady == newest.readyAge ? lastReadyImage : other.lastReadyImage
    }
    if newest.stage != .powered { newest.poweredAge = [lastPowered, other.lastPowered].compactMap(\.self).min() }
    return newest
  }

  /// Whether the node speaks to another address than this one. False while either is unknown.
  package func speaks(toAnotherThan server: IPv4Address?) -> Bool {
    guard let server, let mine = self.server else { return false }
    return mine != server
  }
}

extension NodeReport {
  /// Whether it came from another address than this one. False while either is unknown.
  package func isAt(anotherThan address: IPv4Address?) -> Bool {
    guard let address, let mine = self.address else { return false }
    return mine != address
  }

  /// The node's own words, as somebody else's.
  package var quoted: String? { detail.map { "it says “\($0.visibleLine)”" } }
}

extension NodeReport.Elsewhere {
  /// Where it came from, and why that does not count.
  ///
  /// - Parameter address: the machine's own.
  package func words(_ address: IPv4Address) -> String {
    self.address == address
      ? "what comes from \(address) does not count: it is not from a port of root's"
      : "somebody at \(self.address) reports for it, which is not its address \(address)"
  }
}

/// How often nodes that are ready say so, and from when on one that does not is late, or silent.
///
/// Each node is told when it boots, and says it in its reports: whoever judges a report counts with the number that the
/// node itself goes by, also while half of all nodes run with another one.
extension NodeReport {
  /// Seconds between two reports: a head hears at most 34 nodes a second, be they ten or ten thousand.
  package static func interval(nodes: Int) -> Int {
    switch nodes {
    case ...2000: 60
    case ...4000: 120
    default: 300
    }
  }

  /// Seconds that a node may say it lets pass. Whoever claims more is not waited for any longer.
  package static let intervals = 1...300

  /// A report is missing: the node may have been taken away a moment ago.
  package var lateAfter: Int { interval + 5 }
  /// Three reports are missing.
  package var silentAfter: Int { 3 * interval + 15 }

  /// Seconds since a head wrote it down, at a time of the head's own clock.
  ///
  /// A time to come means that the clock was set back since, and nobody knows: such a report counts as one that has
  /// just fallen silent, and not as new for hours. A node that is there says more before long.
  package func age(at: Int, now: Int) -> Int { at > now.plus(5) ? silentAfter + 1 : max(0, now.minus(at)) }

  /// Seconds between its reports, by its own word; ten where it does not say.
  private var interval: Int { every.map { min(max($0, Self.intervals.lowerBound), Self.intervals.upperBound) } ?? 10 }
}

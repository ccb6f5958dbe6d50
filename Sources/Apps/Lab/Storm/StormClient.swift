// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// One machine of a storm, from its first DHCP packet to the last file of its boot.
struct StormClient {
  enum Stage: String, CaseIterable {
    /// A ROM asks for an address, and fetches iPXE from where it is told.
    case romOffer, romAck, tftp
    /// iPXE asks again, and fetches scripts and what they name.
    case ipxeOffer, ipxeAck, http
    case done, failed
  }

  /// Seconds until an unanswered question is asked again: PXE 2.1, section 2.4.5, for the first ones; then as often as
  /// a person would wait.
  private static let patience = [2.0, 4, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8]

  let mac: MACAddress
  var stage = Stage.romOffer
  var address: IPv4Address?
  var server: IPv4Address?
  var socket: Int32 = -1
  var bootFile = ""
  /// When the question is asked again, in seconds of the storm.
  var retryAt = 0.0
  var tries = 0
  /// Blocks of TFTP that have come.
  var blocks: UInt16 = 0
  /// The file that is fetched, and those after it.
  var path = ""
  var answer: [UInt8] = []
  var bytes = 0
  /// Why it failed.
  var reason = ""
  var began = 0.0
  /// When it had an address as iPXE, its own script, and all.
  var leasedAt: Double?
  var scriptedAt: Double?
  var servedAt: Double?
  /// Whether the heads know it: else it is told to wait.
  var isKnown = false

  /// Option 93 of its ROM.
  var architecture: UInt16 = 0
  var router: IPv4Address?

  /// How often it began its boot again.
  var restarts = 0

  init(_ mac: MACAddress) { self.mac = mac }

  var isOver: Bool { stage == .done || stage == .failed }
  var asksDHCP: Bool { [.romOffer, .romAck, .ipxeOffer, .ipxeAck].contains(stage) }

  /// False: it has asked often enough.
  mutating func mayAskAgain(at now: Double) -> Bool {
    guard tries < Self.patience.count else { return false }
    retryAt = now + Self.patience[tries]
    tries += 1
    return true
  }

  mutating func go(to stage: Stage) {
    self.stage = stage
    tries = 0
  }

  /// Goes back to the beginning. False: it has done so often enough.
  mutating func startOver() -> Bool {
    guard restarts < 3 else { return false }
    restarts += 1
    (blocks, path, address, server) = (0, "", nil, nil)
    go(to: .romOffer)
    return true
  }

  mutating func fail(_ reason: String) {
    self.reason = reason
    stage = .failed
  }

  /// Its question to the DHCP server.
  var question: StormDHCP {
    var packet = StormDHCP(stage == .romOffer || stage == .ipxeOffer ? .discover : .request, 0, mac)
    packet.architecture = architecture
    packet.isIPXE = stage == .ipxeOffer || stage == .ipxeAck
    if packet.kind == .request { (packet.address, packet.server) = (address, server) }
    return packet
  }

  /// Takes an answer of a DHCP server. True: there is something new to ask, or to fetch.
  mutating func take(_ packet: StormDHCP, at now: Double) -> Bool {
    switch (stage, packet.kind) {
    case (.romOffer, .offer), (.ipxeOffer, .offer):
      (address, server) = (packet.address, packet.server)
      go(to: stage == .romOffer ? .romAck : .ipxeAck)
    case (.romAck, .ack), (.ipxeAck, .ack):
      address = packet.address
      bootFile = packet.bootFile ?? ""
      router = packet.router
      if bootFile.isEmpty {
        fail("is given \(packet.address.map { "\($0)" } ?? "an address") but no boot file")
        return false
      }
      if stage == .ipxeAck { leasedAt = now }
      go(to: stage == .romAck ? .tftp : .http)
      blocks = 0
    case (.romAck, .nak), (.ipxeAck, .nak): go(to: stage == .romAck ? .romOffer : .ipxeOffer)
    default: return false
    }
    return true
  }

  // MARK: HTTP

  /// The script that the lease names; what comes then is told by the scripts.
  var firstPath: String {
    let parts = bootFile.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: true)
    return parts.count == 3 ? "/\(parts[2])" : "/"
  }

  /// The file after this one. Nil: that was all.
  mutating func next(after status: Int, _ body: [UInt8], at now: Double) -> String? {
    let own = "/ipxe/\(mac.hyphenated).ipxe"
    switch path {
    case firstPath: return own
    case own where status < 300:
      (isKnown, scriptedAt) = (true, now)
      return Self.chained(String(decoding: body, as: UTF8.self)) ?? ""
    case own: return "/discover.ipxe"
    case "/discover.ipxe":
      scriptedAt = now
      return "/report?event=discover&mac=\(mac)"
    case let script where script.hasSuffix("/boot.ipxe"): return script.replacing("/boot.ipxe", with: "/vmlinuz")
    default: return nil
    }
  }

  /// The path of the script that a script goes on with.
  private static func chained(_ script: String) -> String? {
    guard let line = script.split(separator: "\n").last(where: { $0.hasPrefix("chain ") }),
      let url = line.split(separator: " ").first(where: { $0.hasPrefix("http://") })
    else { return nil }
    let parts = url.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: true)
    return parts.count == 3 ? "/\(parts[2])" : nil
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Wings

/// The newest that the events of a boot log tell of each machine.
///
/// What counts comes from the address that is reserved for the machine; its own word besides from a port below 1024,
/// which root alone may use there. Firmware cannot choose its port, so what is fetched for a boot shows a boot on its
/// way, but never against a node that goes on saying that it is ready. All else is kept apart, and decides nothing.
struct BootHistory {
  /// In the place of an address in lines of this head itself. nginx never writes it.
  static let ownAddress = "-"

  private struct Machine {
    /// The newest of `ready`, `failed` and `powered`.
    var said: NodeReport?
    /// The newest of what was fetched for a boot, if nothing was said since.
    var fetched: NodeReport?
    var elsewhere: NodeReport.Elsewhere?
  }

  private let reservations: Reservations
  /// Seconds since 1970, by the clock that wrote the log.
  private let now: Int
  private var machines: [MACAddress: Machine] = [:]

  init(_ reservations: Reservations, now: Int) {
    self.reservations = reservations
    self.now = now
  }

  mutating func add(_ event: BootEvent) {
    let age = max(0, now.minus(event.at / 1000))
    switch event.what {
    case .script(let mac):
      guard let address = reservations.addresses[mac] else { return }
      guard event.address == address else { return noteElsewhere(event, mac, age) }
      machines[mac, default: Machine()].fetched = report(event, mac, .script, age)
    case .image(let image):
      guard let mac = event.address.flatMap({ reservations.machines[$0] }) else { return }
      var report = report(event, mac, .image, age)
      report.image = image
      machines[mac, default: Machine()].fetched = report
    case .report(let fields): add(fields, of: event, age)
    case .capture: return
    }
  }

  private mutating func add(_ fields: [String: String], of event: BootEvent, _ age: Int) {
    guard let mac = fields["mac"].flatMap({ MACAddress($0) }),
      let stage = fields["event"].flatMap(NodeReport.Stage.init(rawValue:))
    else { return }
    if event.ip == Self.ownAddress {
      guard Self.counts(event, stage, of: nil) else { return }
      var report = report(event, mac, .powered, age)
      report.detail = fields["detail"]
      return say(report, event)
    }
    guard stage.isSaid, let address = reservations.addresses[mac] else { return }
    guard Self.counts(event, stage, of: address) else { return noteElsewhere(event, mac, age) }
    var report = report(event, mac, stage, age)
    report.image = fields["image"].flatMap(Self.image)
    report.verified = fields["verified"] == "yes"
    report.uptime = fields["uptime"].flatMap { Int($0) }.flatMap { (0...Self.longestUptime).contains($0) ? $0 : nil }
    report.every = fields["every"].flatMap { Int($0) }.flatMap { NodeReport.intervals.contains($0) ? $0 : nil }
    report.identity = fields["identity"].flatMap { Self.tag($0, NodeReport.identityDigits) }
    report.arguments = fields["args"].flatMap { Self.tag($0, KernelArguments.tagDigits) }
    report.checked = Self.checked(fields["checks"], fields["unready"] ?? "")
    report.detail = fields["detail"].flatMap(Self.words)
    say(report, event)
  }

  /// Whether a report counts as one of the machine with this address. That its power was switched is for the head alone
  /// to say.
  static func counts(_ event: BootEvent, _ stage: NodeReport.Stage, of address: IPv4Address?) -> Bool {
    if event.ip == ownAddress { return stage == .powered }
    return stage.isSaid && event.address == address && event.isPrivileged
  }

  /// A node that is up goes on saying so; what it fetched before does not count any more, and time is that of this
  /// head, so the last line is the newest. When it was ready before is not forgotten.
  private mutating func say(_ report: NodeReport, _ event: BootEvent) {
    var report = report
    if let last = machines[report.mac]?.said {
      if report.stage != .ready { (report.readyAge, report.readyImage) = (last.lastReady, last.lastReadyImage) }
      if report.stage != .powered { report.poweredAge = last.lastPowered }
      report.every = report.every ?? last.every
    }
    report.age = report.age(at: event.at / 1000, now: now)
    machines[report.mac, default: Machine()].said = report
    machines[report.mac]?.fetched = nil
  }

  private mutating func noteElsewhere(_ event: BootEvent, _ mac: MACAddress, _ age: Int) {
    guard let address = event.address else { return }
    machines[mac, default: Machine()].elsewhere = NodeReport.Elsewhere(
      address: address, isPrivileged: event.isPrivileged, age: age)
  }

  private func report(_ event: BootEvent, _ mac: MACAddress, _ stage: NodeReport.Stage, _ age: Int) -> NodeReport {
    NodeReport(
      mac: mac, stage: stage, image: nil, verified: false, age: age, uptime: nil, server: event.server,
      address: event.address)
  }

  /// The newest report of every machine, in the order of their MAC addresses.
  var reports: [NodeReport] {
    machines.compactMap { mac, machine in
      var report = Self.newest(machine)
      report?.elsewhere = machine.elsewhere
      return report
        ?? machine.elsewhere.map {
          NodeReport(
            mac: mac, stage: .elsewhere, image: nil, verified: false, age: $0.age, uptime: nil, elsewhere: $0)
        }
    }.sorted { $0.mac < $1.mac }
  }

  private static func newest(_ machine: Machine) -> NodeReport? {
    guard var fetched = machine.fetched else { return machine.said }
    guard let said = machine.said else { return fetched }
    // Any user of a node can fetch a script there; one that really boots falls silent.
    if said.stage == .ready, said.age <= said.silentAfter { return said }
    (fetched.readyAge, fetched.readyImage) = (said.lastReady, said.lastReadyImage)
    fetched.poweredAge = said.lastPowered
    fetched.every = said.every
    return fetched
  }

  // MARK: What a node may say of itself

  /// Ten years, in seconds.
  private static let longestUptime = 315_360_000

  /// `name/digest`, and nothing else.
  static func image(_ text: String) -> String? {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, (1...63).contains(parts[0].utf8.count), (1...64).contains(parts[1].utf8.count),
      parts[0].utf8.allSatisfy({ isLowerOrDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }),
      parts[1].utf8.allSatisfy({ isHex($0) })
    else { return nil }
    return text
  }

  /// Names of checks, and nothing else: where one of them is none, nobody knows how they ended.
  private static func checked(_ list: String?, _ unready: String) -> NodeReport.Checked? {
    guard let tag = list.flatMap({ tag($0, NodeReadiness.tagDigits) }) else { return nil }
    if unready.isEmpty { return NodeReport.Checked(tag: tag) }
    let names = unready.split(separator: ",", omittingEmptySubsequences: false)
    let failing = names.compactMap { CheckID($0) }
    guard names.count <= NodeReport.Checked.most, failing.count == names.count else { return nil }
    return NodeReport.Checked(tag: tag, failing: failing)
  }

  /// Digits of one length, and nothing else.
  private static func tag(_ text: String, _ digits: Int) -> String? {
    text.utf8.count == digits && text.utf8.allSatisfy(isHex) ? text : nil
  }

  private static func isLowerOrDigit(_ byte: UInt8) -> Bool {
    UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
  }

  private static func isHex(_ byte: UInt8) -> Bool {
    UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
  }

  /// The beginning of what it says, on one line, without what a terminal would obey.
  static func words(_ text: String) -> String? {
    let words = String(text.prefix(NodeReport.longestDetail).unicodeScalars.prefix(NodeReport.longestDetail))
    return words.isEmpty ? nil : words.visibleLine
  }
}

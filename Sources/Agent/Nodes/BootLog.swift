// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc
import HostAccess
import Wings

/// `/var/log/cluster/boot.log`, written by nginx.
struct BootLog {
  static let path = "/var/log/cluster/boot.log"
  /// Older news than this many bytes is not looked at: at ten thousand nodes they are a minute.
  private static let tail = 12 << 20

  /// The newest report of every machine that the end of the log tells of.
  static func reports() throws(AgentError) -> [NodeReport] {
    guard let text = try end(of: path) else { return [] }
    return reports(in: text, now: Int(time(nil)))
  }

  /// Says that a machine's power is switched, in nginx's own form. A run may end before the machine is back: then the
  /// next one sees that it is away, however short ago it was heard.
  static func notePower(of mac: MACAddress, _ state: PowerState = .on) throws(AgentError) {
    // Without a log nobody was heard, and there is nothing to be taken back.
    let file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
    if file < 0, errno == ENOENT { return }
    guard file >= 0 else { throw LocalFiles.failure("\(path) cannot be written to") }
    defer { close(file) }
    try FileSystem.write(Array((powerLine(mac, state, at: Int(time(nil))) + "\n").utf8), file, path)
  }

  /// In the place of an address in lines of this head itself. nginx never writes it.
  private static let ownAddress = "-"

  /// - Parameter at: seconds since 1970.
  static func powerLine(_ mac: MACAddress, _ state: PowerState = .on, at: Int) -> String {
    "{\"at\":\(at).000,\"ip\":\"\(ownAddress)\",\"server\":\"\",\"method\":\"-\",\"uri\":\"/report\","
      + "\"args\":\"event=\(NodeReport.Stage.powered.rawValue)&mac=\(mac)"
      + (state == .off ? "&detail=\(NodeReport.off)" : "") + "\",\"status\":200,\"bytes\":0}"
  }

  /// - Parameter now: seconds since 1970, by the clock that wrote the log.
  static func reports(in text: Substring, now: Int) -> [NodeReport] {
    var machines: [String: MACAddress] = [:]
    var newest: [MACAddress: NodeReport] = [:]
    for line in text.split(separator: "\n") {
      guard let event = BootEvent(line: line), var report = report(event, &machines, now) else { continue }
      // A node that is up goes on saying so; what it fetched before does not count any more, and time is that of this
      // head, so the last line is the newest. But anybody can send one: when it was ready is not forgotten.
      if let last = newest[report.mac] {
        if report.stage != .ready { report.readyAge = last.lastReady }
        if report.stage != .powered { report.poweredAge = last.lastPowered }
      }
      newest[report.mac] = report
    }
    return newest.values.sorted { $0.mac < $1.mac }
  }

  /// - Parameter machines: which machine asked for its script from an address, so that its other requests are known.
  private static func report(_ event: BootEvent, _ machines: inout [String: MACAddress], _ now: Int) -> NodeReport? {
    let age = now - event.at / 1000
    switch event.what {
    case .script(let mac):
      machines[event.ip] = mac
      return NodeReport(
        mac: mac, stage: .script, image: nil, verified: false, age: age, uptime: nil, server: event.server)
    case .image(let image):
      return machines[event.ip].map {
        NodeReport(
          mac: $0, stage: .image, image: image, verified: false, age: age, uptime: nil, server: event.server)
      }
    case .report(let fields):
      guard let mac = fields["mac"].flatMap({ MACAddress($0) }),
        let stage = fields["event"].flatMap(NodeReport.Stage.init(rawValue:)),
        // That is for the head alone to say: `powerLine`.
        stage != .powered || event.ip == Self.ownAddress
      else { return nil }
      let detail = fields["detail"] ?? ""
      return NodeReport(
        mac: mac, stage: stage, image: fields["image"], verified: fields["verified"] == "yes", age: age,
        uptime: fields["uptime"].flatMap { Int($0) }, detail: detail.isEmpty ? nil : detail, server: event.server)
    case .capture: return nil
    }
  }

  /// The end of the log. Nil when there is none yet. The first line may be half a line; it is no event then.
  private static func end(of path: String) throws(AgentError) -> Substring? {
    guard let size = try LocalFiles.size(path) else { return nil }
    return try read(path, from: max(0, size - tail))
  }

  fileprivate static func read(_ path: String, from offset: Int) throws(AgentError) -> Substring? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      if errno == ENOENT { return nil }
      throw LocalFiles.failure("\(path) cannot be read")
    }
    defer { close(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 18)
    var place = offset
    while true {
      let count = pread(file, &chunk, chunk.count, place)
      guard count >= 0 else { throw LocalFiles.failure("\(path) cannot be read") }
      if count == 0 { break }
      bytes += chunk[..<count]
      place += count
    }
    return Substring(decoding: bytes, as: UTF8.self)
  }
}

/// The lines that are written to the boot log from now on.
struct BootLogFollower {
  private var offset: Int
  private var file: UInt64
  private var rest: Substring = ""
  private var machines: [String: MACAddress] = [:]

  init() throws(AgentError) {
    offset = try LocalFiles.size(BootLog.path) ?? 0
    file = try Self.identity
  }

  /// Events since the last call, each with the machine that it tells of, where that is known.
  mutating func next() throws(AgentError) -> [(event: BootEvent, mac: MACAddress?)] {
    // A rotated log is a new file.
    let (identity, size) = (try Self.identity, try LocalFiles.size(BootLog.path) ?? 0)
    if identity != file || size < offset { (offset, file, rest) = (0, identity, "") }
    guard let text = try BootLog.read(BootLog.path, from: offset), !text.isEmpty else { return [] }
    offset += text.utf8.count
    var lines = (rest + text).split(separator: "\n", omittingEmptySubsequences: false)
    // The last line is not finished yet.
    rest = lines.popLast() ?? ""
    return lines.compactMap { BootEvent(line: $0) }.map { event in
      switch event.what {
      case .script(let mac):
        machines[event.ip] = mac
        return (event, mac)
      case .report(let fields): return (event, fields["mac"].flatMap { MACAddress($0) })
      case .image, .capture: return (event, machines[event.ip])
      }
    }
  }

  /// The file's number; 0 when there is none.
  private static var identity: UInt64 {
    get throws(AgentError) { try LocalFiles.facts(BootLog.path).map { UInt64($0.st_ino) } ?? 0 }
  }
}

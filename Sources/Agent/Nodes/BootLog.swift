// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc
import HostAccess
import Wings

/// `/var/log/cluster/boot.log`, written by nginx, and what is kept of it when it is turned over.
package enum BootLog {
  static let path = WellKnown.bootLog
  /// The log before this one: `cluster-boot-log.timer` turns it over when it is large.
  static let previous = path + ".1"
  /// The newest of each machine from all logs before that.
  static let kept = path + ".kept"
  /// Older news than this many bytes of one file is not looked at. The timer keeps them smaller.
  private static let most = 16 << 20

  /// The newest report of every machine that the log tells of.
  static func reports() throws(AgentError) -> [NodeReport] {
    var history = BootHistory(try .read(), now: Int(time(nil)))
    try events { history.add($0) }
    return history.reports
  }

  /// Hands over all events of the log, and of what is kept of those before it, the oldest first.
  static func events(_ take: (BootEvent) -> Void) throws(AgentError) {
    for file in [kept, previous, path] {
      guard let size = try LocalFiles.size(file) else { continue }
      // The first line may be half a line; it is no event then.
      var lines = LineSplitter()
      try read(file, from: max(0, size - most)) { chunk in
        for line in lines.lines(adding: chunk) { BootEvent(line: line).map { take($0) } }
      }
    }
  }

  /// The same of a log's bytes, in whatever pieces they come.
  ///
  /// - Parameter reservations: lines of `MAC,NAME,ADDRESS,TIME`.
  /// - Parameter now: seconds since 1970, by the clock that wrote the log.
  package static func reports(in pieces: [ArraySlice<UInt8>], _ reservations: String, now: Int) -> [NodeReport] {
    var history = BootHistory(Reservations(text: reservations), now: now)
    var lines = LineSplitter()
    for line in pieces.flatMap({ lines.lines(adding: $0) }) { BootEvent(line: line).map { history.add($0) } }
    return history.reports
  }

  /// - Parameter now: seconds since 1970, by the clock that wrote the log.
  static func reports(in text: Substring, _ reservations: Reservations, now: Int) -> [NodeReport] {
    var history = BootHistory(reservations, now: now)
    for line in text.split(separator: "\n") { BootEvent(line: line).map { history.add($0) } }
    return history.reports
  }

  /// Says that a machine's power is switched, in nginx's own form. A run may end before the machine is back: then the
  /// next one sees that it is away, however short ago it was heard.
  ///
  /// - Parameter server: where it is to report to, if that is known.
  static func notePower(
    of mac: MACAddress, _ state: PowerState = .on, server: IPv4Address? = nil
  ) throws(AgentError) {
    // Without a log nobody was heard, and there is nothing to be taken back.
    let file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
    if file < 0, errno == ENOENT { return }
    guard file >= 0 else { throw LocalFiles.failure("\(path) cannot be written to") }
    defer { close(file) }
    try FileSystem.write(Array((powerLine(mac, state, server: server, at: Int(time(nil))) + "\n").utf8), file, path)
  }

  /// - Parameter at: seconds since 1970.
  static func powerLine(
    _ mac: MACAddress, _ state: PowerState = .on, server: IPv4Address? = nil, at: Int
  ) -> String {
    "{\"at\":\(at).000,\"ip\":\"\(BootHistory.ownAddress)\",\"port\":0,"
      + "\"server\":\"\(server.map { "\($0)" } ?? "")\",\"method\":\"-\","
      + "\"uri\":\"/report\",\"args\":\"event=\(NodeReport.Stage.powered.rawValue)&mac=\(mac)"
      + (state == .off ? "&detail=\(NodeReport.off)" : "") + "\",\"status\":200,\"bytes\":0}"
  }

  /// Hands over a file's bytes in pieces; nothing where there is no such file.
  ///
  /// - Parameter most: no more bytes than these. Nil: to its end.
  static func read(
    _ path: String, from offset: Int, most: Int = .max, _ take: (ArraySlice<UInt8>) -> Void
  ) throws(AgentError) {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      if errno == ENOENT { return }
      throw LocalFiles.failure("\(path) cannot be read")
    }
    defer { close(file) }
    var chunk = [UInt8](repeating: 0, count: 1 << 18)
    var place = offset
    while place - offset < most {
      let count = pread(file, &chunk, min(chunk.count, most - (place - offset)), place)
      guard count >= 0 else { throw LocalFiles.failure("\(path) cannot be read") }
      if count == 0 { return }
      take(chunk[..<count])
      place += count
    }
  }
}

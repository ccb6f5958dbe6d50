// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc
import Wings

/// The lines that are written to the boot log from now on, also while it is turned over.
struct BootLogFollower {
  /// A file, however it is called by now, and how much of it has been read.
  private struct Place {
    var file: UInt64
    var offset: Int
    var lines = LineSplitter()
  }

  /// Bytes that one call reads of one file: what is more comes with the next call.
  private static let most = 4 << 20

  private let path: String
  private let reservations: Reservations
  /// Milliseconds since 1970. What was said before is not news, wherever it stands.
  private let start: Int
  private var current: Place
  /// The file before: nginx goes on writing to it until it has opened the new one.
  private var previous: Place?
  private var machines: [String: MACAddress] = [:]

  init() throws(AgentError) { try self.init(BootLog.path, try .read(), since: Int(time(nil)).times(1000)) }

  /// - Parameter since: milliseconds since 1970.
  init(_ path: String, _ reservations: Reservations, since start: Int) throws(AgentError) {
    self.path = path
    self.reservations = reservations
    self.start = start
    current = Place(file: try Self.identity(path), offset: try LocalFiles.size(path) ?? 0)
  }

  /// Events since the last call, each with the machine that it tells of, where that is known.
  mutating func next() throws(AgentError) -> [(event: BootEvent, mac: MACAddress?)] {
    let identity = try Self.identity(path)
    if identity != current.file {
      previous = current
      current = Place(file: identity, offset: 0)
    }
    var lines: [Substring] = []
    if var place = previous {
      lines += try read(&place, of: path + ".1")
      previous = place
    }
    lines += try read(&current, of: path)
    return lines.compactMap { BootEvent(line: $0) }.filter { $0.at >= start }.map { ($0, machine($0)) }
  }

  private func read(_ place: inout Place, of path: String) throws(AgentError) -> [Substring] {
    guard place.file != 0, try Self.identity(path) == place.file else { return [] }
    // Somebody has emptied it: that is no reason to hear all again.
    place.offset = min(place.offset, try LocalFiles.size(path) ?? 0)
    var (lines, splitter, count): ([Substring], LineSplitter, Int) = ([], place.lines, 0)
    try BootLog.read(path, from: place.offset, most: Self.most) { chunk in
      lines += splitter.lines(adding: chunk)
      count += chunk.count
    }
    place.lines = splitter
    place.offset += count
    return lines
  }

  /// The machine that an event tells of. Its own word counts from a port of root's alone.
  private mutating func machine(_ event: BootEvent) -> MACAddress? {
    switch event.what {
    case .script(let mac):
      if reservations.addresses[mac] != nil { machines[event.ip] = mac }
      return mac
    case .report(let fields): return event.isPrivileged ? fields["mac"].flatMap { MACAddress($0) } : nil
    case .image, .capture: return machines[event.ip]
    }
  }

  /// The file's number; 0 when there is none.
  private static func identity(_ path: String) throws(AgentError) -> UInt64 {
    try LocalFiles.facts(path).map { UInt64($0.st_ino) } ?? 0
  }
}

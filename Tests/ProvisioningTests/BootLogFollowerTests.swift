// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import TestKit
import Testing
import Wings

@testable import AgentServer

/// Findings 14 and 15: whatever is written to the log, in whatever pieces, and while it is turned over.
@Suite struct BootLogFollowerTests {
  private static let script = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Sources/Wings/Netboot/Payload/boot-log").standardizedFileURL.path

  /// Lines as nginx writes them, among bytes that nobody should have written.
  private static func line(_ random: inout SeededGenerator, _ at: Int) -> [UInt8] {
    switch Int.random(in: 0..<8, using: &random) {
    case 0: return (0..<Int.random(in: 0...40, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
    case 1:
      return Array(#"{"at":\#(at).0,"ip":"10.1.1.1","uri":"/"#.utf8) + [0xff, 0xfe, 0xc3]
        + Array(#"","status":200}"#.utf8)
    case 2: return Array(repeating: UInt8.random(in: 32...255, using: &random), count: 20_000)
    default:
      let node = Int.random(in: 1...2, using: &random)
      let text = BootLogTests.line(
        "\(at).0", "10.1.1.\(node)", "/report", "mac=52:54:00:11:00:0\(node)&event=ready&image=a/\(at)&detail=\u{fc}%FF"
      )
      return Array(text.utf8.dropLast())
    }
  }

  private static func told(_ events: [(event: BootEvent, mac: MACAddress?)]) -> [String] {
    events.map { event, mac in
      let fields: [String: String] = if case .report(let fields) = event.what { fields } else { [:] }
      let told = fields.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
      return "\(event.at) \(told) \(mac.map { "\($0)" } ?? "-")"
    }
  }

  @Test func anyPiecesOfAnyBytesAreTheSameLines() {
    var random = SeededGenerator()
    for _ in 0..<300 {
      var bytes: [UInt8] = []
      for at in 1...12 { bytes += Self.line(&random, at) + [10] }
      var whole = LineSplitter()
      let wanted = whole.lines(adding: bytes[...])
      var (pieces, got, rest) = (LineSplitter(), [Substring](), bytes[...])
      while !rest.isEmpty {
        let piece = rest.prefix(Int.random(in: 1...6000, using: &random))
        got += pieces.lines(adding: piece)
        rest = rest.dropFirst(piece.count)
      }
      #expect(got == wanted)
    }
  }

  @Test func nothingIsLostOrHeardTwice() async throws {
    let folder = NSTemporaryDirectory() + "follower-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let (path, hosts) = ("\(folder)/boot.log", "\(folder)/machines")
    try "52:54:00:11:00:01,node1,10.1.1.1,15m\n52:54:00:11:00:02,node2,10.1.1.2,15m\n"
      .write(toFile: hosts, atomically: false, encoding: .utf8)
    var random = SeededGenerator()
    for _ in 0..<12 {
      for name in ["", ".1", ".kept"] { try? FileManager.default.removeItem(atPath: path + name) }
      try BootLogTests.line("0.5", "10.1.1.1", "/report", "mac=52:54:00:11:00:01&event=ready").write(
        toFile: path, atomically: false, encoding: .utf8)
      var follower = try BootLogFollower(path, BootLogTests.known, since: 0)
      var (heard, written): ([String], [UInt8]) = ([], [])
      // nginx keeps its file open until it is told.
      var file = try #require(FileHandle(forWritingAtPath: path))
      try file.seekToEnd()
      for at in 1...40 {
        let bytes = Self.line(&random, at) + [10]
        written += bytes
        for piece in [bytes.prefix(bytes.count / 2), bytes.suffix(bytes.count - bytes.count / 2)] {
          try file.write(contentsOf: Data(piece))
          if Bool.random(using: &random) { heard += Self.told(try follower.next()) }
        }
        if at % 13 == 0 {
          let turned = try await Command.run("sh", [Self.script, path, hosts, "1"])
          #expect(turned.succeeded, "\(turned.lastLines)")
          // What nginx writes until it has opened the new one.
          let late = Array(
            BootLogTests.line("\(at).7", "10.1.1.2", "/report", "mac=52:54:00:11:00:02&event=ready").utf8)
          try file.write(contentsOf: Data(late))
          written += late
          heard += Self.told(try follower.next())
          try file.close()
          file = try #require(FileHandle(forWritingAtPath: path))
          try file.seekToEnd()
        }
      }
      heard += Self.told(try follower.next())
      var whole = LineSplitter()
      let events = whole.lines(adding: written[...]).compactMap { BootEvent(line: $0) }
      let wanted = events.map { event -> (event: BootEvent, mac: MACAddress?) in
        guard case .report(let fields) = event.what else { return (event, nil) }
        return (event, fields["mac"].flatMap { MACAddress($0) })
      }
      #expect(heard.sorted() == Self.told(wanted).sorted())
    }
  }

  /// A byte that is not UTF-8 moved the place two too far, and a place behind the end made all of the log news.
  @Test func aLogThatShrinksIsNotHeardAgain() throws {
    let path = NSTemporaryDirectory() + "shrunk-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let ready = BootLogTests.line("1.0", "10.1.1.1", "/report", "mac=52:54:00:11:00:01&event=ready")
    try (ready + ready).write(toFile: path, atomically: false, encoding: .utf8)
    var follower = try BootLogFollower(path, BootLogTests.known, since: 0)

    let file = try #require(FileHandle(forWritingAtPath: path))
    try file.truncate(atOffset: UInt64(ready.utf8.count))
    #expect(try follower.next().isEmpty)
    try file.seekToEnd()
    try file.write(contentsOf: Data(ready.utf8))
    #expect(try follower.next().count == 1)
  }

  /// What was said before an order is no answer to it, wherever it stands.
  @Test func whatIsOlderThanTheFollowerIsNoNews() throws {
    let path = NSTemporaryDirectory() + "old-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try "".write(toFile: path, atomically: false, encoding: .utf8)
    var follower = try BootLogFollower(path, BootLogTests.known, since: 5_000)
    let lines = ["4.9", "5.0"].map { BootLogTests.line($0, "10.1.1.1", "/report", "mac=52:54:00:11:00:01&event=ready") }
    try lines.joined().write(toFile: path, atomically: false, encoding: .utf8)

    #expect(try follower.next().map(\.event.at) == [5_000])
  }

  /// Finding 14: the log is small, and the newest of each node is never forgotten.
  @Test func turningTheLogOverForgetsNothingThatIsNeeded() async throws {
    let folder = NSTemporaryDirectory() + "turned-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let (path, hosts) = ("\(folder)/boot.log", "\(folder)/machines")
    let nodes = 1...50
    func mac(_ node: Int) -> MACAddress { MACAddress(bits: 0x5254_0011_0000 + UInt64(node)) }
    let reservations = nodes.map { "\(mac($0)),node\($0),10.1.1.\($0),15m\n" }.joined()
    try reservations.write(toFile: hosts, atomically: false, encoding: .utf8)
    var (all, random, size) = ("", SeededGenerator(), 0)
    for at in 1...1500 {
      let node = at <= 50 ? at : Int.random(in: 26...50, using: &random)
      let args =
        "mac=\("\(mac(node))".replacing(":", with: "%3A"))&event=\(at % 9 == 0 ? "failed" : "ready")&image=a/\(at)"
      var lines = BootLogTests.line("\(at).0", "10.1.1.\(node)", "/report", args)
      if at % 7 == 0 { lines += BootLogTests.line("\(at).1", "10.1.9.9", "/report", args) }
      if at % 50 == 0 { lines += BootLog.powerLine(mac(at / 50), at: at) + "\n" }
      all += lines
      let file = open(path, O_WRONLY | O_APPEND | O_CREAT, 0o644)
      try FileSystem.write(Array(lines.utf8), file, path)
      close(file)
      if at % 20 == 0 {
        let turned = try await Command.run("sh", [Self.script, path, hosts, "8192"])
        #expect(turned.succeeded, "\(turned.lastLines)")
        size = max(size, try ["", ".1", ".kept"].map { try LocalFiles.size(path + $0) ?? 0 }.reduce(0, +))
      }
    }
    let left = try [".kept", ".1", ""].map { String(decoding: try LocalFiles.read(path + $0) ?? [], as: UTF8.self) }
    let known = Reservations(text: reservations)

    func told(_ text: String) -> [NodeReport] {
      BootLog.reports(in: text[...], known, now: 2000).map {
        var report = $0
        report.elsewhere = nil
        return report
      }
    }
    #expect(told(left.joined()) == told(all) && told(all).count == 50)
    #expect(left[0].split(separator: "\n").count <= 150 && !left[0].contains("10.1.9.9"))
    #expect(size < 80_000 && all.utf8.count > 200_000)
  }
}

// SPDX-License-Identifier: Apache-2.0
import TestKit
import Testing

@testable import AgentServer

/// What travels over the message bus: D-Bus Specification, "Message Protocol".
@Suite struct BusTests {
  /// The answer to `ListUnitsByNames` for one that runs and one that is not there.
  private static var listed: [UInt8] {
    var items = BusWriter()
    for texts in [
      ["a.service", "An a", "loaded", "active", "running"], ["b.service", "", "not-found", "inactive", "dead"],
    ] {
      items.align(8)
      for text in texts + ["", "/unit/x"] { items.write(string: text) }
      items.write(UInt32(0))
      for text in ["", "/"] { items.write(string: text) }
    }
    var body = BusWriter()
    body.write(UInt32(items.bytes.count))
    body.align(8)
    return body.bytes + items.bytes
  }

  private static func variant(_ signature: String, _ value: (inout BusWriter) -> Void) -> [UInt8] {
    var body = BusWriter()
    body.bytes += [UInt8(signature.utf8.count)] + Array(signature.utf8) + [0]
    value(&body)
    return body.bytes
  }

  @Test func unitsAreReadFromTheirList() throws {
    let units = try UnitProperties.states(Self.listed)

    #expect(units.map(\.load) == ["loaded", "not-found"])
    #expect(units.map(\.active) == ["active", "inactive"])
    #expect(units.map(\.exists) == [true, false])
    #expect(try UnitProperties.states([0, 0, 0, 0, 0, 0, 0, 0]).isEmpty)
  }

  @Test func propertiesAreReadFromWhatTheyAreToldAs() throws {
    #expect(try UnitProperties.text(Self.variant("s") { $0.write(string: "enabled") }) == "enabled")
    let time = Self.variant("t") { body in
      body.align(8)
      body.bytes += [2, 0, 0, 0, 0, 0, 0, 0]
    }
    #expect(try UnitProperties.nanoseconds(time) == 2000)
    func id(_ bytes: [UInt8]) -> [UInt8] {
      Self.variant("ay") { body in
        body.write(UInt32(bytes.count))
        body.bytes += bytes
      }
    }
    #expect(try UnitProperties.identity(id([0x0a, 0xbc])) == "0abc")
    #expect(try UnitProperties.identity(id([0, 0])) == "")
    #expect(throws: BusMessage.Malformed.self, "of another type") { try UnitProperties.text(time) }
  }

  @Test func aCallIsReadAsItWasWritten() throws {
    let bytes = BusMessage.call(
      7, to: "org.example",
      .init(
        path: "/a/b", interface: "org.example.I", member: "Get",
        arguments: [.string("first"), .strings(["x", "yz"]), .string("")]))

    #expect(try BusMessage.length(of: bytes[..<16]) == bytes.count)
    let message = try BusMessage(bytes)
    #expect(message.kind == .call && message.answers == 0)
    var reader = BusReader(message.body)
    #expect(try reader.string() == "first")
    let length = try reader.number()
    let start = reader.position
    #expect(try reader.string() == "x")
    #expect(try reader.string() == "yz")
    #expect(reader.position - start == Int(length))
    #expect(try reader.string() == "")
    #expect(reader.position == message.body.count)
  }

  /// systemd.unit(5) and sd_bus_path_encode(3): what other programs make of the same names.
  @Test(arguments: [
    ("ssh.service", "ssh_2eservice"), ("getty@tty1.service", "getty_40tty1_2eservice"), ("9p.mount", "_39p_2emount"),
    ("a-b_c.timer", "a_2db_5fc_2etimer"), ("", "_"),
  ])
  func aUnitsNameInAPath(_ name: String, _ label: String) {
    #expect(UnitProperties.label(name) == label)
  }

  @Test func noBytesAreMoreThanMalformed() throws {
    var random = SeededGenerator(seed: 20)
    let message = BusMessage.call(
      1, to: "a.b", .init(path: "/", interface: "c.d", member: "E", arguments: [.string("f")]))
    for _ in 0..<20_000 {
      for original in [Self.listed, message] {
        var bytes = original
        for _ in 0..<Int.random(in: 1...4, using: &random) {
          bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: .min ... .max, using: &random)
        }
        bytes.removeLast(Int.random(in: 0...3, using: &random))
        do { _ = try UnitProperties.states(bytes) } catch {}
        do { _ = try UnitProperties.identity(bytes) } catch {}
        do { if try BusMessage.length(of: bytes[..<16]) == bytes.count { _ = try BusMessage(bytes) } } catch {}
      }
    }
    #expect(throws: BusMessage.Malformed.self) { try UnitProperties.states(Array(Self.listed.dropLast())) }
    #expect(throws: BusMessage.Malformed.self) { try BusMessage.length(of: Array(repeating: 0xff, count: 16)[...]) }
  }
}

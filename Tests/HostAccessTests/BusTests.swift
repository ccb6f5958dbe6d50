// SPDX-License-Identifier: Apache-2.0
import TestKit
import Testing

@testable import AgentServer

/// What travels over the message bus: D-Bus Specification, "Message Protocol".
@Suite struct BusTests {
  /// `{"ActiveState": <"active">, "Conditions": <[("ConditionX", false, 1)]>, "InvocationID": <[0x0a, 0xbc]>,
  /// "ActiveEnterTimestamp": <uint64 2>, "CanReload": <true>}`, with values that are not asked for in between.
  private static var properties: [UInt8] {
    var entries = BusWriter()
    func key(_ name: String, _ signature: String) {
      entries.align(8)
      entries.write(string: name)
      entries.bytes += [UInt8(signature.utf8.count)] + Array(signature.utf8) + [0]
    }
    key("ActiveState", "s")
    entries.write(string: "active")
    key("Conditions", "a(sbi)")
    entries.write(UInt32(24))
    entries.align(8)
    entries.write(string: "Condition")
    entries.write(UInt32(0))
    entries.write(UInt32(1))
    key("InvocationID", "ay")
    entries.write(UInt32(2))
    entries.bytes += [0x0a, 0xbc]
    key("ActiveEnterTimestamp", "t")
    entries.align(8)
    entries.bytes += [2, 0, 0, 0, 0, 0, 0, 0]
    key("CanReload", "b")
    entries.write(UInt32(1))
    var body = BusWriter()
    body.write(UInt32(entries.bytes.count))
    body.align(8)
    return body.bytes + entries.bytes
  }

  @Test func aUnitIsReadFromItsProperties() throws {
    let unit = try UnitProperties(Self.properties)

    #expect(unit.active == "active" && unit.isRunning && unit.canReload && !unit.needsDaemonReload)
    #expect(unit.invocation == "0abc")
    #expect(unit.activeSince == 2000)
    #expect(unit.load == "not-found", "what is not told is not there")
  }

  @Test func aCallIsReadAsItWasWritten() throws {
    let bytes = BusMessage.call(
      7, to: "org.example", path: "/a/b", interface: "org.example.I", member: "Get", ["first", ""])

    #expect(try BusMessage.length(of: bytes[..<16]) == bytes.count)
    let message = try BusMessage(bytes)
    #expect(message.kind == .call && message.answers == 0)
    var reader = BusReader(message.body)
    #expect(try reader.string() == "first")
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
    let message = BusMessage.call(1, to: "a.b", path: "/", interface: "c.d", member: "E", ["f"])
    for _ in 0..<20_000 {
      for original in [Self.properties, message] {
        var bytes = original
        for _ in 0..<Int.random(in: 1...4, using: &random) {
          bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: .min ... .max, using: &random)
        }
        bytes.removeLast(Int.random(in: 0...3, using: &random))
        do { _ = try UnitProperties(bytes) } catch {}
        do { if try BusMessage.length(of: bytes[..<16]) == bytes.count { _ = try BusMessage(bytes) } } catch {}
      }
    }
    #expect(throws: BusMessage.Malformed.self) { try UnitProperties(Array(Self.properties.dropLast())) }
    #expect(throws: BusMessage.Malformed.self) { try BusMessage.length(of: Array(repeating: 0xff, count: 16)[...]) }
  }
}

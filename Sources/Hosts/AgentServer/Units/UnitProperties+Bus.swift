// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

extension UnitProperties {
  /// What systemd itself says of units over D-Bus, org.freedesktop.systemd1(5), but for `result`.
  ///
  /// systemctl(1) asks for each unit in turn, and for all that systemd can tell of it, with every counter of its
  /// control group; this asks for all units at once, and for what all kinds of units have.
  ///
  /// - Returns: those that could be told.
  /// - Throws: where there is no message bus, as on a small system.
  static func readOverBus(_ units: [String]) async throws(AgentError) -> [String: UnitProperties] {
    let answers = try await SystemBus.properties(
      of: units.map { "/org/freedesktop/systemd1/unit/\(label($0))" }, interface: "org.freedesktop.systemd1.Unit",
      at: "org.freedesktop.systemd1", within: .seconds(10))
    var read: [String: UnitProperties] = [:]
    for (unit, body) in zip(units, answers) {
      guard let body else { continue }
      do { read[unit] = try UnitProperties(body) } catch {
        throw AgentError(
          .invalid, "What systemd says of \(unit) cannot be understood",
          next: "Compare it with `busctl introspect org.freedesktop.systemd1` on the host.")
      }
    }
    return read
  }

  /// A unit's name in the path of its object: everything but letters and digits as `_` and two hexadecimal digits, a
  /// digit in front too.
  static func label(_ name: String) -> String {
    var label = ""
    for (index, byte) in name.utf8.enumerated() {
      let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
      if isLetter || isDigit && index > 0 {
        label.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        label += (byte < 16 ? "_0" : "_") + String(byte, radix: 16)
      }
    }
    return label.isEmpty ? "_" : label
  }

  init(_ body: [UInt8]) throws(BusMessage.Malformed) {
    self.init(
      load: "not-found", active: "inactive", file: "", invocation: "", activeSince: 0, needsDaemonReload: false,
      result: "", canReload: false)
    var reader = BusReader(body)
    // `self` is not to be changed from within a closure that may throw halfway.
    var told = self
    try reader.dictionary { (key, signature, value) throws(BusMessage.Malformed) in
      switch (key, String(decoding: signature, as: UTF8.self)) {
      case ("LoadState", "s"): told.load = try value.string()
      case ("ActiveState", "s"): told.active = try value.string()
      case ("UnitFileState", "s"): told.file = try value.string()
      case ("InvocationID", "ay"):
        let id = try value.byteArray()
        // One that never ran has none, or one of zeros.
        let isNone = id.allSatisfy { $0 == 0 }
        told.invocation = isNone ? "" : id.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
      // In microseconds.
      case ("ActiveEnterTimestamp", "t"): told.activeSince = Int64(clamping: try value.long()) &* 1000
      case ("NeedDaemonReload", "b"): told.needsDaemonReload = try value.number() != 0
      case ("CanReload", "b"): told.canReload = try value.number() != 0
      default: break
      }
    }
    self = told
  }
}

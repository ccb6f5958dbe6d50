// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

extension UnitProperties {
  /// What systemd itself says of units over D-Bus, org.freedesktop.systemd1(5): what a probe needs, and no more,
  /// because systemd finds out each property when it is asked for it. `needsDaemonReload`, `result` and `canReload` are
  /// not asked for.
  ///
  /// systemctl(1) asks for each unit in turn, and for all that systemd can tell of it, with every counter of its
  /// control group; this asks for all units at once.
  ///
  /// - Parameter invocations: those among the units whose invocation is wanted.
  /// - Returns: those that could be told.
  /// - Throws: where there is no message bus, as on a small system, or where one of the names spoils it for all.
  static func readOverBus(
    _ units: [String], invocations: Set<String>
  ) async throws(AgentError) -> [String: UnitProperties] {
    let invoked = units.filter(invocations.contains)
    let calls =
      [list(units)] + units.map { property("UnitFileState", of: $0) }
      + units.map { property("ActiveEnterTimestamp", of: $0) } + invoked.map { property("InvocationID", of: $0) }
    let answers = try await SystemBus.answers(to: calls, at: "org.freedesktop.systemd1", within: .seconds(10))
    do {
      guard let listed = answers[0] else { throw BusMessage.Malformed() }
      var read = try states(listed)
      guard read.count == units.count else { throw BusMessage.Malformed() }
      for index in units.indices {
        guard let file = answers[1 + index], let since = answers[1 + units.count + index] else { continue }
        read[index].file = try text(file)
        read[index].activeSince = try nanoseconds(since)
      }
      for (unit, answer) in zip(invoked, answers[(1 + 2 * units.count)...]) {
        if let answer, let index = units.firstIndex(of: unit) { read[index].invocation = try identity(answer) }
      }
      let told = units.indices.filter { answers[1 + $0] != nil && answers[1 + units.count + $0] != nil }
      return Dictionary(told.map { (units[$0], read[$0]) }) { first, _ in first }
    } catch {
      throw AgentError(
        .invalid, "What systemd says of \(units.joined(separator: ", ")) cannot be understood",
        next: "Compare it with `busctl introspect org.freedesktop.systemd1` on the host.")
    }
  }

  private static func list(_ units: [String]) -> BusMessage.Call {
    BusMessage.Call(
      path: "/org/freedesktop/systemd1", interface: "org.freedesktop.systemd1.Manager", member: "ListUnitsByNames",
      arguments: [.strings(units)])
  }

  private static func property(_ name: String, of unit: String) -> BusMessage.Call {
    BusMessage.Call(
      path: "/org/freedesktop/systemd1/unit/\(label(unit))", interface: "org.freedesktop.DBus.Properties",
      member: "Get",
      arguments: [.string("org.freedesktop.systemd1.Unit"), .string(name)])
  }

  /// In the order in which they were asked for. A unit that is not there is listed too.
  static func states(_ answer: [UInt8]) throws(BusMessage.Malformed) -> [UnitProperties] {
    var reader = BusReader(answer)
    var units: [UnitProperties] = []
    try reader.structures { (unit) throws(BusMessage.Malformed) in
      // Name, description; load, active; what it is in detail, what it follows, its path, its job.
      try unit.skip([UInt8]("ss".utf8)[...])
      let load = try unit.string()
      let active = try unit.string()
      try unit.skip([UInt8]("ssouso".utf8)[...])
      units.append(
        UnitProperties(
          load: load, active: active, file: "", invocation: "", activeSince: 0, needsDaemonReload: false, result: "",
          canReload: false))
    }
    return units
  }

  static func text(_ answer: [UInt8]) throws(BusMessage.Malformed) -> String {
    var reader = BusReader(answer)
    return try reader.variant("s") { (value) throws(BusMessage.Malformed) in try value.string() }
  }

  /// Told in microseconds.
  static func nanoseconds(_ answer: [UInt8]) throws(BusMessage.Malformed) -> Int64 {
    var reader = BusReader(answer)
    return try reader.variant("t") { (value) throws(BusMessage.Malformed) in
      Int64(clamping: try value.long()) &* 1000
    }
  }

  static func identity(_ answer: [UInt8]) throws(BusMessage.Malformed) -> String {
    var reader = BusReader(answer)
    let id = try reader.variant("ay") { (value) throws(BusMessage.Malformed) in try value.byteArray() }
    // One that never ran has none, or one of zeros.
    return id.allSatisfy { $0 == 0 } ? "" : id.map(\.hexadecimal).joined()
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
        label += "_" + byte.hexadecimal
      }
    }
    return label.isEmpty ? "_" : label
  }
}

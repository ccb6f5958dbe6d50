// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

/// The properties of a unit: systemctl(1) `show`, org.freedesktop.systemd1(5).
struct UnitProperties: Sendable {
  /// `loaded`, `not-found`, `masked`, `bad-setting`, `error`.
  var load: String
  var active: String
  var file: String
  /// Changes whenever the unit is started anew.
  var invocation: String
  /// When it last became active.
  var start: Start
  var needsDaemonReload: Bool
  var result: String
  var canReload: Bool

  /// States in which a unit has its configuration read and works.
  var isRunning: Bool { ["active", "reloading", "refreshing"].contains(active) }
  /// On its way to another state.
  var isMoving: Bool { ["activating", "deactivating", "reloading", "refreshing"].contains(active) }
  var exists: Bool { load != "not-found" }
  var isMasked: Bool { load == "masked" || file == "masked" || file == "masked-runtime" }
  var isEnabled: Bool { isFixed || ["enabled", "enabled-runtime", "alias"].contains(file) }
  /// It can be neither enabled nor disabled; what starts it is somewhere else.
  var isFixed: Bool { ["static", "indirect", "generated", "transient"].contains(file) }

  static func read(_ unit: String) async throws(AgentError) -> UnitProperties {
    guard let properties = try await read([unit])[unit] else { throw .unitMissing(unit) }
    return properties
  }

  /// The properties of several units, by the name that each was asked for by.
  static func read(_ units: [String]) async throws(AgentError) -> [String: UnitProperties] {
    let names = [
      "LoadState", "ActiveState", "UnitFileState", "InvocationID", "ActiveEnterTimestamp",
      "ActiveEnterTimestampMonotonic", "NeedDaemonReload", "Result", "CanReload",
    ]
    let result = try await Command.checked(
      "systemctl", ["show", "--timestamp=us+utc", "--property=\(names.joined(separator: ","))", "--"] + units,
      next: "Check that systemd runs as PID 1 and answers: `systemctl status`.")
    // One paragraph for each, in the order of the names.
    let paragraphs = result.text.split(separator: "\n\n")
    var read: [String: UnitProperties] = [:]
    for (unit, paragraph) in zip(units, paragraphs) { read[unit] = try UnitProperties(paragraph) }
    guard paragraphs.count == units.count else { throw .unitMissing(units.joined(separator: ", ")) }
    return read
  }
}

extension UnitProperties {
  fileprivate init(_ paragraph: Substring) throws(AgentError) {
    var values: [String: String] = [:]
    for line in paragraph.split(separator: "\n") {
      let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { values[String(parts[0])] = String(parts[1]) }
    }
    self.init(
      load: values["LoadState"] ?? "not-found", active: values["ActiveState"] ?? "inactive",
      file: values["UnitFileState"] ?? "", invocation: values["InvocationID"] ?? "",
      start: Start(
        noted: try Timestamp.nanoseconds(values["ActiveEnterTimestamp"] ?? ""),
        monotonic: Int64(values["ActiveEnterTimestampMonotonic"] ?? "") ?? 0),
      needsDaemonReload: values["NeedDaemonReload"] == "yes", result: values["Result"] ?? "",
      canReload: values["CanReload"] == "yes")
  }
}

extension AgentError {
  fileprivate static func unitMissing(_ names: String) -> AgentError {
    AgentError(
      .commandFailed, "systemctl did not report each of \(names)", next: "Check `systemctl show` on the host.")
  }
}

/// Times as `systemctl show --timestamp=us+utc` writes them: `Fri 2026-11-20 13:05:09.123456 UTC`.
enum Timestamp {
  /// Nanoseconds since 1970; 0 when there is no time.
  static func nanoseconds(_ text: String) throws(AgentError) -> Int64 {
    if text.isEmpty || text == "n/a" || text == "0" { return 0 }
    let parts = text.split(separator: " ")
    guard parts.count == 4, parts[3] == "UTC" else { throw unfit(text) }
    let date = parts[1].split(separator: "-").compactMap { Int64($0) }
    let clock = parts[2].split(separator: ":")
    guard date.count == 3, clock.count == 3, let hours = Int64(clock[0]), let minutes = Int64(clock[1]) else {
      throw unfit(text)
    }
    let seconds = clock[2].split(separator: ".")
    guard let whole = seconds.first.flatMap({ Int64($0) }) else { throw unfit(text) }
    let digits = seconds.count > 1 ? String(seconds[1]) : ""
    guard let fraction = Int64(String((digits + "000000000").prefix(9))) else { throw unfit(text) }
    let inDays = days(year: date[0], month: date[1], day: date[2]) * 86_400
    return (inDays + hours * 3600 + minutes * 60 + whole) * 1_000_000_000 + fraction
  }

  /// Days since 1970 in the Gregorian calendar, by counting years from March so that leap days come last.
  private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    let y = month <= 2 ? year - 1 : year
    let fromMarch = (month + 9) % 12
    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * fromMarch + 2) / 5 + day - 1 - 719_468
  }

  private static func unfit(_ text: String) -> AgentError {
    AgentError(
      .invalid, "systemd's time \"\(text)\" cannot be understood",
      next: "Use systemd 252 or newer on this host: `systemctl --version`.")
  }
}

extension UnitProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects(units: [unit], paths: Set(configuration)) }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> UnitState {
    let properties = try await context.facts.unit(unit)
    return UnitState(
      exists: properties.exists, enabled: properties.isEnabled, isFixed: properties.isFixed,
      masked: properties.isMasked, active: properties.active,
      configuration: try await LoadedConfiguration.state(
        of: unit, properties, files: configuration, changed: context.facts.changed))
  }
}

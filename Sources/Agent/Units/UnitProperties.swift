// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// What systemd says of a unit: systemctl(1) `show`, org.freedesktop.systemd1(5).
struct UnitProperties: Sendable {
  /// `loaded`, `not-found`, `masked`, `bad-setting`, `error`.
  var load: String
  var active: String
  var file: String
  /// Changes whenever the unit is started anew.
  var invocation: String
  /// When it was last active, in nanoseconds since 1970; 0 for never.
  var activeSince: Int64
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

  /// Of several units, by the name that each was asked for by.
  static func read(_ units: [String]) async throws(AgentError) -> [String: UnitProperties] {
    let names = [
      "LoadState", "ActiveState", "UnitFileState", "InvocationID", "ActiveEnterTimestamp", "NeedDaemonReload", "Result",
      "CanReload",
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
      activeSince: try Timestamp.nanoseconds(values["ActiveEnterTimestamp"] ?? ""),
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

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
  /// `static` and the like cannot be enabled; what starts them is somewhere else.
  var isEnabled: Bool { ["enabled", "enabled-runtime", "static", "indirect", "generated", "alias"].contains(file) }

  static func read(_ unit: String) async throws(AgentError) -> UnitProperties {
    let names = [
      "LoadState", "ActiveState", "UnitFileState", "InvocationID", "ActiveEnterTimestamp", "NeedDaemonReload", "Result",
      "CanReload",
    ]
    let result = try await Command.checked(
      "systemctl", ["show", "--timestamp=us+utc", "--property=\(names.joined(separator: ","))", "--", unit],
      next: "See that systemd runs as PID 1 and answers: `systemctl status`.")
    var values: [String: String] = [:]
    for line in result.text.split(separator: "\n") {
      let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { values[String(parts[0])] = String(parts[1]) }
    }
    return UnitProperties(
      load: values["LoadState"] ?? "not-found", active: values["ActiveState"] ?? "inactive",
      file: values["UnitFileState"] ?? "", invocation: values["InvocationID"] ?? "",
      activeSince: try Timestamp.nanoseconds(values["ActiveEnterTimestamp"] ?? ""),
      needsDaemonReload: values["NeedDaemonReload"] == "yes", result: values["Result"] ?? "",
      canReload: values["CanReload"] == "yes")
  }
}

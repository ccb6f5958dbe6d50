// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import FoundationEssentials
import Glibc
import HostAccess
import Wings

/// Whether a running unit works with the configuration that its files hold now.
///
/// systemd keeps when a unit was started, but not when it was reloaded; so reloads are recorded here, below `/run`,
/// where they end with the boot, each for the one invocation of the unit that it was done to.
enum LoadedConfiguration {
  private struct Reload: Codable {
    var invocation: String
    /// Nanoseconds since 1970, before the reload began.
    var at: Int64
  }

  private static let folder = "/run/cluster/loaded"

  static func state(
    of unit: String, _ properties: UnitProperties, files: [String],
    changed: (String) throws(AgentError) -> Int64 = { (path) throws(AgentError) in try changed(path) }
  ) throws(AgentError) -> UnitState.Configuration {
    guard properties.isRunning else { return .notRunning }
    var newest: Int64 = 0
    for file in files { newest = max(newest, try changed(file)) }
    return newest > max(properties.activeSince, try reloaded(unit, properties)) ? .stale : .loaded
  }

  /// To be called with the time before the reload: what changes during one may or may not have been read.
  static func recordReload(of unit: String, _ properties: UnitProperties, at time: Int64) throws(AgentError) {
    try FileSystem.makeFolder(folder, mode: 0o700)
    let record: Data
    do { record = try JSONEncoder().encode(Reload(invocation: properties.invocation, at: time)) } catch {
      throw AgentError(.invalid, "The reload of \(unit) cannot be recorded", cause: "\(error)", next: "Try again.")
    }
    try FileSystem.write(Array(record), to: path(unit), mode: 0o600)
  }

  /// The time by the clock that gives files their times: it may lag behind the precise one by some milliseconds.
  static var now: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME_COARSE, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  private static func path(_ unit: String) -> String { "\(folder)/\(unit).json" }

  private static func reloaded(_ unit: String, _ properties: UnitProperties) throws(AgentError) -> Int64 {
    guard try FileSystem.entry(path(unit)) != nil else { return 0 }
    // One that cannot be read is as good as none: then the unit is reloaded once more.
    guard let record = try? JSONDecoder().decode(Reload.self, from: Data(try FileSystem.read(path(unit)))),
      record.invocation == properties.invocation
    else { return 0 }
    return record.at
  }

  /// When something at or below the path last changed; a folder changes when something in it comes or goes.
  static func changed(_ path: String) throws(AgentError) -> Int64 {
    guard let entry = try FileSystem.entry(path) else { return 0 }
    var newest = entry.changed
    switch entry.kind {
    case .folder: for name in try FileSystem.names(in: path) { newest = max(newest, try changed("\(path)/\(name)")) }
    case .link:
      var status = stat()
      if stat(path, &status) == 0 {
        newest = max(newest, Int64(status.st_ctim.tv_sec) * 1_000_000_000 + Int64(status.st_ctim.tv_nsec))
      }
    case .file, .other: break
    }
    return newest
  }
}

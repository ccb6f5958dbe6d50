// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import FoundationEssentials
import Glibc
import HostAccess
import Wings

/// Whether a running unit works with the configuration that its files hold now.
///
/// What a unit was started or reloaded with from here is recorded below `/run`, where it ends with the boot, for the
/// one invocation of the unit. Units that others have started are judged by times: see `Start`.
enum LoadedConfiguration {
  private struct Record: Codable {
    var invocation: String
    var evidence: Evidence
  }

  /// The files of a unit at one moment.
  struct Evidence: Codable, Equatable {
    /// When each last changed, by the clock of that moment. A head start: what has not changed need not be read.
    var times: [Int64]
    /// The digest of all their names and bytes.
    var digest: String

    init(_ files: [String]) throws(AgentError) {
      times = try LoadedConfiguration.times(files)
      digest = try LoadedConfiguration.digest(files)
    }
  }

  private static let folder = "/run/cluster/loaded"

  static func state(
    of unit: String, _ properties: UnitProperties, files: [String],
    changed: (String) throws(AgentError) -> Int64 = { (path) throws(AgentError) in try changed(path) }
  ) async throws(AgentError) -> UnitState.Configuration {
    guard properties.isRunning else { return .notRunning }
    let isLoaded = try isLoaded(unit, properties, files: files, changed: changed)
    guard isLoaded else { return .stale }
    if unit != Firewall.unit { return .loaded }
    return try await KernelRules.areAsLoaded() ? .loaded : .altered
  }

  private static func isLoaded(
    _ unit: String, _ properties: UnitProperties, files: [String], changed: (String) throws(AgentError) -> Int64
  ) throws(AgentError) -> Bool {
    let times = try times(files, changed)
    if let loaded = try recorded(unit, properties) {
      if loaded.times == times { return true }
      return try digest(files) == loaded.digest
    }
    return properties.start.isAfter(times.max() ?? 0)
  }

  /// - Parameter evidence: taken before the unit was started or reloaded: what changes meanwhile may or may not have
  ///   been read.
  static func record(_ unit: String, _ properties: UnitProperties, _ evidence: Evidence) throws(AgentError) {
    try FileSystem.makeFolder(folder, mode: 0o700)
    let record: Data
    do {
      record = try JSONEncoder().encode(Record(invocation: properties.invocation, evidence: evidence))
    } catch {
      throw AgentError(
        .invalid, "What \(unit) was started with cannot be recorded", cause: "\(error)", next: "Try again.")
    }
    try FileSystem.write(Array(record), to: path(unit), mode: 0o600)
  }

  private static func path(_ unit: String) -> String { "\(folder)/\(unit).json" }

  private static func recorded(_ unit: String, _ properties: UnitProperties) throws(AgentError) -> Evidence? {
    guard let bytes = try FileSystem.contents(path(unit)) else { return nil }
    // One that cannot be understood is as good as none: then times tell.
    guard let record = try? JSONDecoder().decode(Record.self, from: Data(bytes)),
      record.invocation == properties.invocation
    else { return nil }
    return record.evidence
  }

  private static func times(
    _ files: [String],
    _ changed: (String) throws(AgentError) -> Int64 = { (path) throws(AgentError) in try changed(path) }
  ) throws(AgentError) -> [Int64] {
    var times: [Int64] = []
    for file in files { times.append(try changed(file)) }
    return times
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

  private static func digest(_ files: [String]) throws(AgentError) -> String {
    var text = ""
    for file in files { try add(file, to: &text) }
    return SHA256.hex(text)
  }

  /// Adds a line for each file at or below the path.
  private static func add(_ path: String, to text: inout String) throws(AgentError) {
    guard let entry = try FileSystem.entry(path) else { return }
    switch entry.kind {
    case .folder: for name in try FileSystem.names(in: path).sorted() { try add("\(path)/\(name)", to: &text) }
    case .link:
      text += "\(path) -> \(try FileSystem.linkTarget(path))\n"
      // The daemon follows it, wherever it leads.
      guard try FileSystem.leadsToFile(path), let target = realpath(path, nil) else { return }
      defer { free(target) }
      text += "\(SHA256.hex(try FileSystem.read(String(cString: target))))\n"
    case .file: text += "\(path) \(SHA256.hex(try FileSystem.read(path)))\n"
    case .other: text += "\(path)\n"
    }
  }
}

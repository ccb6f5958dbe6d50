// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Execution
import Foundation
import HostAccess
import Reconciler

/// Where the machines in memory of one description are kept between calls, with the journal and the record of the runs
/// on them: nothing of it is ever beside the description, or in its repository.
struct SimulatedState {
  /// `$XDG_STATE_HOME/cluster/simulated/DIGEST`, a folder for each description by its path.
  let folder: URL

  init(of specification: URL, environment: [String: String] = ProcessInfo.processInfo.environment) {
    let path = specification.resolvingSymlinksInPath().path
    folder = Self.home(environment).appending(path: "cluster/simulated/\(SHA256.hex(path).prefix(16))")
  }

  /// A folder that nobody else uses, for machines that are not to be kept.
  init(temporary: Void) {
    folder = FileManager.default.temporaryDirectory.appending(path: "cluster-simulated-\(UUID())")
  }

  /// `$XDG_STATE_HOME`, or else `$HOME/.local/state`, as the XDG Base Directory Specification (0.8) has it: a path that
  /// is not absolute is not valid, and is ignored. Without a valid `HOME`, the user's entry in passwd(5) counts.
  private static func home(_ environment: [String: String]) -> URL {
    func folder(_ variable: String) -> URL? {
      environment[variable].flatMap { $0.hasPrefix("/") ? URL(fileURLWithPath: $0) : nil }
    }
    if let state = folder("XDG_STATE_HOME") { return state }
    return (folder("HOME") ?? FileManager.default.homeDirectoryForCurrentUser).appending(path: ".local/state")
  }

  var machines: URL { folder.appending(path: "machines.json") }
  var lock: URL { folder.appending(path: "lock") }
  /// A git repository that holds nothing but `cluster/history`.
  var record: URL { folder.appending(path: "record") }

  var exists: Bool { FileManager.default.fileExists(atPath: folder.path) }

  func make() throws(Failure) {
    do {
      try FileManager.default.createDirectory(
        at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw Failure(
        "\(folder.path) cannot be made: \(error.localizedDescription)",
        next: "Set XDG_STATE_HOME to a folder that you can write to.")
    }
  }

  func remove() throws(Failure) {
    guard exists else { return }
    do { try FileManager.default.removeItem(at: folder) } catch {
      throw Failure(
        "\(folder.path) cannot be removed: \(error.localizedDescription)", next: "Remove it yourself, then try again.")
    }
  }
}

/// The record of runs on machines in memory: in a repository of its own. Which commit the description is at is still
/// asked of its own repository, where there is one.
struct SimulatedHistory: RunHistory {
  let record: AuditRepository
  private let spec: AuditRepository?

  init(_ state: SimulatedState, of specification: URL) throws {
    record = try AuditRepository.make(in: state.record.path)
    do throws(AuditError) {
      spec = try AuditRepository(folder: specification.deletingLastPathComponent().path)
    } catch {
      // Without a repository there is no commit to name; any other trouble with it would only be in the way here.
      spec = nil
    }
  }

  func managed(site: String, catalog: [String: AnyKind]) throws(AuditError) -> ManagedSet {
    try record.managed(site: site, catalog: catalog)
  }

  func specState(_ files: [String]) throws(AuditError) -> SpecState {
    try spec?.specState(files) ?? SpecState(commit: nil, dirty: [])
  }

  func json(_ resources: [ManagedResource]) throws(AuditError) -> [UInt8] { try record.json(resources) }
  func prepare(_ resources: [ManagedResource]) throws(AuditError) { try record.prepare(resources) }
  func log(site: String?, limit: Int) throws(AuditError) -> [RunRecord] { try record.log(site: site, limit: limit) }

  func record(_ record: AuditRecord) async throws(AuditError) -> AuditRepository.Recorded {
    try await self.record.record(record)
  }
}

/// The journal of runs on machines in memory, which says nothing of how long things take on real ones.
struct SimulatedJournal: RunJournal {
  let journal: any RunJournal

  func durations() async throws(ExecutionError) -> [StepDuration] { [] }

  func newestGeneration() async throws(ExecutionError) -> Int { try await journal.newestGeneration() }
  func unrecorded() async throws(ExecutionError) -> [InterruptedRun] { try await journal.unrecorded() }
  func unfinished() async throws(ExecutionError) -> [InterruptedRun] { try await journal.unfinished() }

  func begin(
    _ token: RunToken, process: ProcessIdentity?, total: Int, managing: [UInt8], at now: Int
  ) async throws(ExecutionError) {
    try await journal.begin(token, process: process, total: total, managing: managing, at: now)
  }

  func started(_ step: Step, run: String, at now: Int) async throws(ExecutionError) {
    try await journal.started(step, run: run, at: now)
  }

  func finished(_ report: StepReport, run: String) async throws(ExecutionError) {
    try await journal.finished(report, run: run)
  }

  func end(_ run: String, result: String, at now: Int) async throws(ExecutionError) {
    try await journal.end(run, result: result, at: now)
  }

  func recorded(_ run: String) async throws(ExecutionError) { try await journal.recorded(run) }
}

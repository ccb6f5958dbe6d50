// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import FoundationEssentials
import HostAccess

/// Which run may change this host, and the newest generation seen: `FOLDER/lease.json`, under a lock between agents.
///
/// Time is that since the kernel's boot, which nobody sets; a lease from before the last boot is over.
package struct LeaseStore: Sendable {
  private struct Record: Codable {
    var newestGeneration = 0
    var holder: RunToken?
    /// Seconds of `CLOCK_BOOTTIME`.
    var endsAt: Double = 0
    /// When this holder first had it. Records of older versions lack it.
    var since: Double?
    var boot = ""
  }

  private let folder: String
  private let now: @Sendable () -> Double
  private let boot: @Sendable () throws(AgentError) -> String

  package init(
    folder: String = "/var/lib/cluster", now: @escaping @Sendable () -> Double = { Boot.now },
    boot: @escaping @Sendable () throws(AgentError) -> String = { () throws(AgentError) in try Boot.id() }
  ) {
    self.folder = folder
    self.now = now
    self.boot = boot
  }

  package func state() async throws(AgentError) -> LeaseState {
    // The record is replaced as a whole, so reading it needs no lock; and looking changes nothing.
    let record = try read()
    guard let holder = try aliveHolder(record) else {
      return LeaseState(newestGeneration: record.newestGeneration, holder: nil, secondsLeft: 0)
    }
    return LeaseState(
      newestGeneration: record.newestGeneration, holder: holder, secondsLeft: secondsLeft(record),
      heldSeconds: record.since.map { max(0, Int(now() - $0)) })
  }

  /// A later round of the run that holds the lease may have it once nothing of the round before is at work any more.
  package func claim(_ run: RunToken) async throws(AgentError) {
    try await change { (record) throws(AgentError) in
      try checkGeneration(run, record)
      if let holder = try aliveHolder(record), holder.run != run.run {
        guard holder.base == run.base, let idle = try FileLock(operationsPath) else { throw held(holder, record) }
        _ = consume idle
      }
      try hold(run, &record)
    }
  }

  /// The run must hold the lease; then it holds it for its whole time again.
  package func use(_ run: RunToken) async throws(AgentError) {
    try await change { (record) throws(AgentError) in
      try checkGeneration(run, record)
      guard let holder = try aliveHolder(record) else {
        throw AgentError(
          .leaseHeld, "Run \(run.run) does not hold the lease of this host: it was never taken, or has run out",
          next: "Apply again.")
      }
      if holder.run != run.run { throw held(holder, record) }
      try hold(run, &record)
    }
  }

  /// Not while an operation is at work here: that of a run whose process has died goes on, and no other run may begin
  /// beside it. The lease then ends by itself some time after the operation.
  package func release(_ run: RunToken) async throws(AgentError) {
    guard let idle = try FileLock(operationsPath) else { return }
    try await change { (record) throws(AgentError) in if record.holder?.base == run.base { record.holder = nil } }
    _ = consume idle
  }

  /// Says, to agents of other connections too, that an operation is at work here, until it is let go.
  ///
  /// - Parameter limit: `release` has the lock alone for a few milliseconds at a time.
  func workingMark(within limit: Duration = .seconds(10)) async throws(AgentError) -> WorkingMark {
    let mark = try await poll(until: limit, every: .milliseconds(5)) { () throws(AgentError) -> WorkingMark? in
      guard let lock = try FileLock(operationsPath, shared: true) else { return nil }
      return WorkingMark(lock)
    }
    if let mark { return mark }
    throw AgentError(
      .deadline, "\(operationsPath) is locked by another agent, which gives its lease back and does not end",
      next: "Look for hung agents: `pgrep -fa agent-` on the host.")
  }

  /// Keeps operations from beginning for a moment. Nil: one is at work.
  func idleMark() throws(AgentError) -> WorkingMark? {
    guard let lock = try FileLock(operationsPath) else { return nil }
    return WorkingMark(lock)
  }

  final class WorkingMark: Sendable {
    private let lock: FileLock
    fileprivate init(_ lock: consuming FileLock) { self.lock = lock }
  }

  private var operationsPath: String { "\(folder)/operations.lock" }

  private func hold(_ run: RunToken, _ record: inout Record) throws(AgentError) {
    record.newestGeneration = max(record.newestGeneration, run.generation)
    if record.holder?.base != run.base || record.since == nil { record.since = now() }
    record.holder = run
    record.endsAt = now() + Double(run.leaseSeconds)
    record.boot = try boot()
  }

  private func aliveHolder(_ record: Record) throws(AgentError) -> RunToken? {
    guard let holder = record.holder, record.endsAt > now(), record.boot == (try boot()) else { return nil }
    return holder
  }

  private func checkGeneration(_ run: RunToken, _ record: Record) throws(AgentError) {
    guard run.generation < record.newestGeneration else { return }
    throw AgentError(
      .staleGeneration,
      "A newer run has been at work here: generation \(record.newestGeneration), not \(run.generation)",
      next: "Plan and apply again: what this run observed may have changed.")
  }

  private func held(_ holder: RunToken, _ record: Record) -> AgentError {
    AgentError(
      .leaseHeld, "Run \(holder.run) of \(holder.holder) is at work on this host",
      next: "Wait for it to end. If it has died, its lease expires in \(secondsLeft(record)) s.")
  }

  private func secondsLeft(_ record: Record) -> Int { max(0, Int((record.endsAt - now()).rounded(.up))) }

  private func change(_ body: (inout Record) throws(AgentError) -> Void) async throws(AgentError) {
    // Held for a few milliseconds at a time.
    let done = try await poll(until: .seconds(10), every: .milliseconds(5)) { () throws(AgentError) -> Bool? in
      guard let lock = try FileLock("\(folder)/lease.lock") else { return nil }
      var record = try read()
      try body(&record)
      try write(record)
      _ = consume lock
      return true
    }
    if done == nil {
      throw AgentError(
        .deadline, "The lease is locked by another agent", next: "Look for hung agents on the host: `pgrep -fa agent-`."
      )
    }
  }

  private var path: String { "\(folder)/lease.json" }

  private func read() throws(AgentError) -> Record {
    guard let bytes = try FileSystem.contents(path) else { return Record() }
    do { return try JSONDecoder().decode(Record.self, from: Data(bytes)) } catch {
      throw AgentError(
        .invalid, "\(path) cannot be understood", cause: "\(error)",
        next: "Check that no run is at work, and remove \(path) on the host.")
    }
  }

  private func write(_ record: Record) throws(AgentError) {
    let bytes: Data
    do { bytes = try JSONEncoder().encode(record) } catch {
      throw AgentError(.invalid, "The lease cannot be recorded", cause: "\(error)", next: "Try again.")
    }
    try FileSystem.write(Array(bytes), to: path, mode: 0o600)
  }
}

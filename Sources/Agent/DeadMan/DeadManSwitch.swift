// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Logging

/// Undoes a change that can cut the way to this host, unless it is confirmed in time over a new connection.
///
/// What was there before is on the disk before the change begins, and a timer of systemd's runs whatever becomes of
/// the agent and of the connection it came over. A boot within the time undoes it as well, before links come up.
/// One change waits at a time.
package struct DeadManSwitch: Sendable {
  let folder: String
  let images: BeforeImages
  let now: @Sendable () -> Double
  let log: Logger

  package init(
    folder: String = "/var/lib/cluster/deadman", log: Logger = .silent,
    now: @escaping @Sendable () -> Double = { Boot.now }
  ) {
    self.folder = folder
    self.log = log
    self.now = now
    images = BeforeImages(folder: "\(folder)/before")
  }

  private var changePath: String { "\(folder)/change.json" }
  private func endedPath(_ id: PendingChange.ID) -> String { "\(folder)/ended/\(id).json" }

  /// The change that waits, or is being done or undone.
  func current() throws(AgentError) -> GuardedChange? { try DurableJSON.read(GuardedChange.self, from: changePath) }

  func pending() throws(AgentError) -> PendingChange? { try current()?.pending(now: now()) }

  // MARK: Doing

  /// Keeps what a path holds until a change that brings it into force is confirmed.
  func prepare(_ path: String, _ operation: AnyOperation) async throws(AgentError) {
    try await locked { () async throws(AgentError) in
      try await BootUnit.install()
      try await images.keep(path, isRemoval: operation.isRemoval)
    }
  }

  /// From here on the change is undone by itself.
  func arm(
    _ operation: AnyOperation, touching touched: Lockout.Touched, _ run: RunToken
  ) async throws(AgentError) -> GuardedChange {
    try await locked { () async throws(AgentError) in
      if let other = try current() { throw .waiting(other.pending(now: now())) }
      let id = try PendingChange.ID(run: run.run, operation: operation)
      // What it was to bring into force has been put back: done once more, it would be another change.
      if let earlier = try ended(id), earlier.end == .undone { throw .undone(earlier) }
      var units: [GuardedChange.Unit] = []
      for name in try concerned(touched.unit) {
        let unit = try await UnitProperties.read(name)
        if unit.exists { units.append(.init(name: name, enabled: unit.isEnabled, running: unit.isRunning)) }
      }
      let change = GuardedChange(
        id: id, run: run.run, operation: operation,
        endsAt: now() + Double(run.confirmSeconds), boot: try Boot.id(), units: units,
        links: try await LinkSnapshot.take(), firewall: try await KernelRules.all())
      try await BootUnit.install()
      if let path = touched.path { try await images.keep(path, isRemoval: false) }
      try DurableJSON.write(change, to: changePath)
      do throws(AgentError) { try await UndoTimer.start(change.id, seconds: run.confirmSeconds) } catch {
        try FileSystem.remove(changePath)
        throw error
      }
      log.notice(
        "a change is undone unless it is confirmed",
        metadata: change.about.merging(["seconds": "\(run.confirmSeconds)"]) { first, _ in first })
      return change
    }
  }

  /// The change is done, and waits to be confirmed: what it did, with that.
  func wait(_ id: PendingChange.ID, _ outcome: Outcome) async throws(AgentError) -> Outcome {
    try await locked { () async throws(AgentError) in
      guard var change = try current(), change.id == id, change.phase == .changing else {
        throw try ended(id).map { .undone($0) } ?? .unknownChange(id)
      }
      let earlier = try ended(id)
      // Asked for once more: what it did is what it did the first time.
      let whole = outcome.changed || earlier?.end != .confirmed ? outcome : earlier?.outcome ?? outcome
      // Nothing was done, and nothing that was written earlier comes into force: there is nothing to confirm.
      if !outcome.changed, try images.all().isEmpty {
        try await finish(change, EndedChange(end: .confirmed, run: change.run, what: change.what, outcome: whole))
        return outcome
      }
      change.phase = .waiting
      change.outcome = whole
      try DurableJSON.write(change, to: changePath)
      var told = outcome
      told.pending = change.pending(now: now())
      return told
    }
  }

  // MARK: Confirming

  func confirm(_ id: PendingChange.ID, _ run: RunToken) async throws(AgentError) -> Outcome {
    try await locked { () async throws(AgentError) in
      guard let change = try current(), change.id == id else {
        guard let ended = try ended(id) else { throw .unknownChange(id) }
        guard ended.end == .confirmed, let outcome = ended.outcome else { throw .undone(ended) }
        return outcome
      }
      guard change.phase == .waiting, let outcome = change.outcome, change.boot == (try Boot.id()),
        now() < change.endsAt
      else {
        throw AgentError(
          .conflict, "\(change.what) is still being \(change.phase == .changing ? "done" : "undone")",
          next: "Try again in a moment.")
      }
      try await finish(change, EndedChange(end: .confirmed, run: change.run, what: change.what, outcome: outcome))
      return outcome
    }
  }

  // MARK: Undoing

  /// Undoes changes that were not confirmed in time: the work of the timer, and of a boot.
  ///
  /// An operation that is still at work may do the rest of its change afterwards. So what was there is put back in
  /// time, and once more when it has ended: until then this throws, and systemd tries again.
  /// - Parameter id: nil at boot: then whatever was not confirmed before it.
  /// - Returns: nil when there was nothing to undo.
  package func undoInTime(_ id: PendingChange.ID?) async throws(AgentError) -> String? {
    guard let id, let change = try current(), change.id == id, try isAtWork(change) else {
      return try await undo(id)
    }
    try await undo(id, isLast: false)
    throw AgentError(
      .conflict, "\(change.what) is still being done", next: "The host undoes it once more when that has ended.")
  }

  private func isAtWork(_ change: GuardedChange) throws(AgentError) -> Bool {
    guard change.phase == .changing, change.boot == (try Boot.id()) else { return false }
    return try OperationTurn.isTaken(for: change.operation)
  }

  /// - Parameter isLast: what waits is over with it.
  @discardableResult
  func undo(_ id: PendingChange.ID?, isLast: Bool = true) async throws(AgentError) -> String? {
    try await locked { () async throws(AgentError) in
      let change = try current()
      if let id, change?.id != id { return nil }
      let kept = try images.all()
      if change == nil && kept.isEmpty { return nil }
      if isLast, var change {
        change.phase = .undoing
        try DurableJSON.write(change, to: changePath)
      }
      let problems = await Undoing(change: change, images: images, kept: kept, isBoot: id == nil).run()
      let what = change?.what ?? kept.map(\.path).joined(separator: ", ")
      let about = change?.about ?? ["what": "\(what)"]
      log.warning(
        isLast ? "undone: nobody confirmed it in time" : "undone while it is still being done", metadata: about)
      for problem in problems { log.error("not put back: \(problem)", metadata: about) }
      if !isLast { return what }
      if let change {
        let end = EndedChange(
          end: .undone, run: change.run, what: what, outcome: change.outcome, problems: problems.map(\.description))
        try await finish(change, end)
      } else {
        for image in kept { try images.drop(image) }
        try await BootUnit.remove()
      }
      return what + (problems.isEmpty ? "" : "; not put back: " + problems.map(\.description).joined(separator: "; "))
    }
  }

  /// Undoes a change whose operation has failed. The run hears of the failure, and may ask for it once more, unless the
  /// failure came of what was put back while it was still at work.
  func undoFailed(_ change: GuardedChange) async throws(AgentError) {
    try await undo(change.id)
    if now() < change.endsAt { try FileSystem.remove(endedPath(change.id)) }
  }

  /// A timer can be lost, to `systemctl stop` or to a boot without our unit: then the next run undoes it.
  func undoIfOverdue() async throws(AgentError) {
    guard let change = try current(), change.boot != (try Boot.id()) || now() > change.endsAt + 30 else { return }
    if try isAtWork(change) { return }
    try await undo(change.id)
  }

  private func finish(_ change: GuardedChange, _ end: EndedChange) async throws(AgentError) {
    try DurableJSON.write(end, to: endedPath(change.id))
    for image in try images.all() { try images.drop(image) }
    try FileSystem.remove(changePath)
    try FileSystem.syncFolder(folder)
    await UndoTimer.stop(change.id)
    try await BootUnit.remove()
    try forgetOld()
  }

  private func ended(_ id: PendingChange.ID) throws(AgentError) -> EndedChange? {
    try DurableJSON.read(EndedChange.self, from: endedPath(id))
  }

  /// Nobody asks for a change of long ago.
  private func forgetOld() throws(AgentError) {
    var aged: [(Int64, String)] = []
    for name in try FileSystem.names(in: "\(folder)/ended") {
      let path = "\(folder)/ended/\(name)"
      if let entry = try FileSystem.entry(path) { aged.append((entry.changed, path)) }
    }
    for (_, path) in aged.sorted(by: { $0.0 > $1.0 }).dropFirst(100) { try FileSystem.remove(path) }
  }

  /// The units that read what the change, or what was written before it, is about.
  private func concerned(_ unit: String?) throws(AgentError) -> [String] {
    var names = Set(unit.map { [$0] } ?? [])
    for image in try images.all() {
      for (folder, unit) in Undoing.readers where image.path.hasPrefix(folder) { names.insert(unit) }
    }
    return names.sorted()
  }

  /// Held while something is done or undone, which takes seconds.
  private func locked<Value: Sendable>(
    _ body: @escaping @Sendable () async throws(AgentError) -> Value
  ) async throws(AgentError) -> Value {
    let lock = try await poll(until: .seconds(25), every: .milliseconds(50)) { () throws(AgentError) -> HeldLock? in
      guard let lock = try FileLock("\(folder)/lock") else { return nil }
      return HeldLock(lock)
    }
    guard let lock else {
      throw AgentError(.conflict, "A change of the way to this host is at work", next: "Try again in a moment.")
    }
    defer { withExtendedLifetime(lock) {} }
    return try await uncancelled(body)
  }
}

extension GuardedChange {
  fileprivate var about: Logger.Metadata { ["change": "\(id)", "run": "\(run)", "what": "\(what)"] }
}

extension AgentError {
  static func waiting(_ change: PendingChange) -> AgentError {
    AgentError(
      .conflict, "\(change.what) of run \(change.run) waits to be confirmed on this host",
      next: "Wait \(change.secondsLeft) s, until it is confirmed or undone, then apply again.")
  }

  static func undone(_ ended: EndedChange) -> AgentError {
    AgentError(
      .rolledBack, "The host has undone \(ended.what): nobody confirmed it in time",
      cause: ended.problems.isEmpty ? nil : "not put back: " + ended.problems.joined(separator: "; "),
      next: "Find out why no new connection was possible with the change: an address, a route, sshd or "
        + "the firewall. Then fix the description and apply again.")
  }

  static func unknownChange(_ id: PendingChange.ID) -> AgentError {
    AgentError(.notFound, "There is no change \(id) on this host", next: "Apply again.")
  }
}

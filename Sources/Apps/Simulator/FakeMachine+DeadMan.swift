// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

/// The agent's dead-man switch, in virtual time: a change of the way to a machine is undone unless it is confirmed.
package struct FakeDeadMan: Hashable, Codable, Sendable {
  /// The contents of a path, and below it.
  struct Image: Hashable, Codable, Sendable {
    var files: [String: FakeMachine.File]
    var links: [String: String]
    var isRemoval: Bool
  }

  struct Change: Hashable, Codable, Sendable {
    var id: PendingChange.ID
    var run: String
    var what: String
    var endsAt: Int
    var outcome: Outcome?
    var units: [String: FakeMachine.Unit]
    var links: [LinkState]
  }

  enum End: Hashable, Codable, Sendable {
    case confirmed(Outcome)
    case undone(String)
  }

  var before: [String: Image] = [:]
  var change: Change?
  var ended: [PendingChange.ID: End] = [:]

  package init() {}

  /// Something is not confirmed yet: a change, or what will be brought into force by one.
  package var isWaiting: Bool { change != nil || !before.isEmpty }

  /// All that was ever undone: changes, and files that were put back with one.
  package private(set) var undone: [String] = []

  mutating func note(undone what: String) { undone.append(what) }

  package func pending(now: Int) -> PendingChange? {
    change.map { PendingChange(id: $0.id, run: $0.run, what: $0.what, secondsLeft: max(0, $0.endsAt - now)) }
  }
}

extension FakeMachine {
  /// Whether nobody gets in: the address that one comes over is gone, or sshd is.
  package var isCutOff: Bool {
    if units["ssh.service"]?.active != "active" { return true }
    return way.map { !holds($0) } ?? false
  }

  /// Before an operation: what is there is kept, as far as the operation may cut the way here.
  package mutating func guarding(_ operation: AnyOperation, _ run: RunToken, now: Int) throws(AgentError) {
    if let other = deadMan.pending(now: now), other.run != run.run || operation.canLockOut { throw .waiting(other) }
    switch operation.lockout {
    case .impossible: break
    case .prepared(let path): keep(path, operation)
    case .immediate(let touched):
      let id = try PendingChange.ID(run: run.run, operation: operation)
      if case .undone(let what) = deadMan.ended[id] { throw .undone(what) }
      if let path = touched.path { keep(path, operation) }
      // Its file may be there, and nobody has asked for it yet.
      if let name = touched.unit, let unit = known(name) { units[name] = unit }
      deadMan.change = FakeDeadMan.Change(
        id: id, run: run.run,
        what: "\(operation.name) \(operation.target)", endsAt: now + run.confirmSeconds,
        units: units.filter { Lockout.ofUnit($0.key).touched != nil },
        links: links)
    }
  }

  /// After one that was done: what it did, with the change that waits now.
  mutating func waiting(
    _ id: PendingChange.ID, _ outcome: Outcome, now: Int
  ) throws(AgentError) -> Outcome {
    guard let change = deadMan.change, change.id == id, change.outcome == nil else {
      if case .undone(let what) = deadMan.ended[id] { throw .undone(what) }
      throw .unknownChange
    }
    // Asked for once more: what it did is what it did the first time.
    var whole = outcome
    if !outcome.changed, case .confirmed(let first) = deadMan.ended[change.id] { whole = first }
    if !outcome.changed && deadMan.before.isEmpty {
      end(change, .confirmed(whole))
      return outcome
    }
    deadMan.change?.outcome = whole
    var told = outcome
    told.pending = deadMan.pending(now: now)
    return told
  }

  package mutating func confirm(_ id: PendingChange.ID, now: Int) throws(AgentError) -> Outcome {
    if let change = deadMan.change, change.id == id {
      guard let outcome = change.outcome, now < change.endsAt else {
        throw AgentError(
          .conflict, "\(change.what) is still being \(change.outcome == nil ? "done" : "undone")",
          next: "Try again in a moment.")
      }
      end(change, .confirmed(outcome))
      return outcome
    }
    switch deadMan.ended[id] {
    case .confirmed(let outcome): return outcome
    case .undone(let what): throw .undone(what)
    case nil: throw .unknownChange
    }
  }

  /// The timer. What is still being done is undone now, and once more when it has ended.
  mutating func undoOverdue(now: Int) {
    if let change = deadMan.change, now >= change.endsAt { undo(isLast: change.outcome != nil) }
  }

  /// At once where the operation failed, at its time where nobody confirmed it.
  mutating func undo(isBoot: Bool = false, isLast: Bool = true) {
    let now = step()
    for (path, image) in deadMan.before where !(isBoot && image.isRemoval) {
      if isLast { deadMan.note(undone: "ensureFile \(path)") }
      for key in files.keys where key.lies(in: path) { files[key] = nil }
      for key in symbolicLinks.keys where key.lies(in: path) { symbolicLinks[key] = nil }
      for (key, var file) in image.files {
        file.changed = now
        files[key] = file
      }
      symbolicLinks.merge(image.links) { $1 }
    }
    if isLast { deadMan.before = [:] }
    guard let change = deadMan.change else { return }
    for (name, unit) in change.units {
      var unit = unit
      unit.loaded = step()
      unit.isAltered = false
      units[name] = unit
    }
    if !isBoot { putBack(change.links) }
    guard isLast else { return }
    deadMan.ended[change.id] = .undone(change.what)
    deadMan.note(undone: change.what)
    deadMan.change = nil
  }

  private mutating func end(_ change: FakeDeadMan.Change, _ end: FakeDeadMan.End) {
    deadMan.ended[change.id] = end
    deadMan.change = nil
    deadMan.before = [:]
  }

  private mutating func keep(_ path: String, _ operation: AnyOperation) {
    guard deadMan.before[path] == nil else { return }
    let isRemoval = operation.isRemoval && !operation.canLockOut
    deadMan.before[path] = FakeDeadMan.Image(
      files: files.filter { $0.key.lies(in: path) },
      links: symbolicLinks.filter { $0.key.lies(in: path) }, isRemoval: isRemoval)
  }

  /// A machine's own address comes first on its link; others are service addresses, which move and are let alone.
  private mutating func putBack(_ before: [LinkState]) {
    for old in before {
      guard let index = links.firstIndex(where: { $0.name == old.name }) else { continue }
      let services = links[index].addresses.dropFirst().filter { $0 != old.addresses.first }
      links[index].addresses = Array(old.addresses.prefix(1)) + services
      links[index].gateways = old.gateways
      let own = ownIPv6[old.name]
      let others = (links[index].ipv6 ?? []).filter { $0 != own && old.ipv6?.contains($0) != true }
      links[index].setIPv6((old.ipv6 ?? []) + others)
      links[index].gateways6 = old.gateways6
      links[index].up = old.up
    }
  }
}

extension FakeWorld {
  /// Undoes what nobody has confirmed in time, as the machines do by themselves.
  package mutating func undoOverdue() {
    for id in machines.keys where isUp(id) { machines[id]?.undoOverdue(now: now) }
  }

  /// An operation that cuts the way to its host is done, and nobody hears of it.
  package mutating func guarded(
    _ operation: AnyOperation, on id: HostID, _ secrets: Secrets, _ run: RunToken
  ) throws(AgentError) -> Outcome {
    let outcome: Outcome
    do throws(AgentError) { outcome = try perform(operation, on: id, secrets) } catch {
      if operation.canLockOut {
        let isEarly = machines[id]?.deadMan.change.map { now < $0.endsAt } ?? false
        machines[id]?.undo()
        // The run hears of the failure, and may ask for it once more.
        if isEarly { machines[id]?.deadMan.ended[try PendingChange.ID(run: run.run, operation: operation)] = nil }
      }
      throw error
    }
    // Others may be done while it waits, and have nothing to do with it.
    var told = outcome
    if operation.canLockOut {
      let change = try PendingChange.ID(run: run.run, operation: operation)
      told = try machines[id]?.waiting(change, outcome, now: now) ?? outcome
    }
    guard machines[id]?.isCutOff != true else {
      throw AgentError(
        .connectionLost, "The connection to the agent ended",
        next: "Check that the host can be reached, then try again.")
    }
    return told
  }
}

extension AgentError {
  fileprivate static func undone(_ what: String) -> AgentError {
    AgentError(
      .rolledBack, "The host has undone \(what): nobody confirmed it in time", next: "Fix it, then apply again.")
  }

  fileprivate static let unknownChange = AgentError(
    .notFound, "There is no such change on this host", next: "Apply again.")

  fileprivate static func waiting(_ change: PendingChange) -> AgentError {
    AgentError(
      .conflict, "\(change.what) of run \(change.run) waits to be confirmed on this host",
      next: "Wait \(change.secondsLeft) s, until it is confirmed or undone, then apply again.")
  }
}

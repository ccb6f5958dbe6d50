// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Simulator

/// The machines in memory of one description, in a file between calls.
///
/// A command that only looks reads the file. One that changes something holds the file's lock from the first claim of a
/// lease until it ends, so that two calls at once meet as two runs on real heads do.
actor KeptMachines {
  private let state: SimulatedState
  private let described: Cluster
  private let breakages: [Breakage]
  /// Operations take as long as on ordinary machines, divided by this. Nil: no time at all.
  private let pace: Double?
  /// Whether the folder goes when this ends.
  private let isTemporary: Bool
  private let cluster: FakeCluster
  private var lock: FileLock?
  private var readAt: Date?
  private var isChanged = false
  private var savedAt = ContinuousClock.now
  /// The time that the last write of the file took.
  private var saving = Duration.zero

  /// - Parameter fresh: nothing that was kept is looked at.
  init(
    _ described: Cluster, in state: SimulatedState, fresh: Bool, breaking breakages: [Breakage], pace: Double?,
    isTemporary: Bool
  ) async throws {
    self.state = state
    self.described = described
    self.breakages = breakages
    self.pace = pace
    self.isTemporary = isTemporary
    cluster = FakeCluster(FakeWorld())
    if fresh { try state.remove() }
    try state.make()
    try await read()
  }

  nonisolated func host(_ id: HostID) -> KeptHost { KeptHost(id: id, machines: self, host: cluster.host(id)) }

  // MARK: Time

  private static var now: Int { Int(Date().timeIntervalSince1970) }

  /// Does something on the machines, which have the time of day.
  func reach<Value: Sendable>(
    _ body: @Sendable () async throws(AgentError) -> Value
  ) async throws(AgentError) -> Value {
    if lock == nil { try await readAgain() }
    await cluster.change { [now = Self.now, bootSeconds] in
      $0.now = now
      $0.bootSeconds = bootSeconds
    }
    return try await body()
  }

  /// As `reach`; what comes of it is kept.
  func change<Value: Sendable>(
    _ body: @Sendable () async throws(AgentError) -> Value
  ) async throws(AgentError) -> Value {
    isChanged = true
    let result: Result<Value, AgentError>
    do throws(AgentError) { result = .success(try await reach(body)) } catch { result = .failure(error) }
    // Killed after this, a run has left what it did by then. Writing it for each step would take longer than the run,
    // so at most a tenth of the time goes into that.
    if ContinuousClock.now - savedAt > max(.milliseconds(pace == nil ? 1000 : 50), saving * 10) { try await save() }
    return try result.get()
  }

  /// Lets the time go by that an operation takes. Cut short when the program is told to end.
  nonisolated func take(_ usualTime: Duration) async {
    guard let pace else { return }
    _ = await Task { [time = usualTime / pace] in try? await ContinuousClock().sleep(for: time) }.value
  }

  /// Seconds that a node takes to come up; on ordinary machines three quarters of a minute.
  private var bootSeconds: Int { pace.map { Int((45 / $0).rounded()) } ?? 0 }

  // MARK: The lock

  /// Begins to change things: from here on nobody else does.
  func begin() async throws(AgentError) {
    if lock != nil { return }
    guard let taken = try FileLock(state.lock.path) else {
      throw AgentError(
        .leaseHeld, "another simulated run of this description is at work",
        next: "Wait for it to end, or let --lock-timeout wait for it.")
    }
    lock = consume taken
    try await readAgain()
  }

  /// Ends: what is there is kept, and the lock is given back.
  func end() async throws(AgentError) {
    if isChanged { try await save() }
    lock = nil
    guard isTemporary else { return }
    do throws(Failure) { try state.remove() } catch {
      throw AgentError(.permission, error.message, next: error.next)
    }
  }

  // MARK: The file

  private var changedAt: Date? {
    try? FileManager.default.attributesOfItem(atPath: state.machines.path)[.modificationDate] as? Date
  }

  /// Whoever held the lock before may have changed something.
  private func readAgain() async throws(AgentError) {
    guard !isChanged, changedAt != readAt else { return }
    do { try await read() } catch let failure as Failure {
      throw AgentError(.invalid, failure.message, next: failure.next)
    } catch {
      throw AgentError(
        .invalid, "\(state.machines.path) cannot be read", cause: "\(error)", next: "Start with new machines: --fresh.")
    }
  }

  private func read() async throws {
    var world = FakeWorld(described)
    readAt = changedAt
    if readAt != nil {
      do { world = try JSONDecoder().decode(FakeWorld.self, from: Data(contentsOf: state.machines)) } catch {
        throw Failure(
          "the simulated machines in \(state.machines.path) cannot be read: \(error)",
          next: "Start with new ones: --fresh.")
      }
    }
    world.resume(described, at: Self.now)
    try world.suffer(breakages)
    await cluster.change { [world] in $0 = world }
  }

  /// Written beside it and renamed, so that nobody reads half of it.
  private func save() async throws(AgentError) {
    let began = ContinuousClock.now
    let world = await cluster.world
    do {
      try JSONEncoder().encode(world).write(to: state.machines, options: .atomic)
    } catch {
      throw AgentError(
        .diskFull, "\(state.machines.path) cannot be written", cause: error.localizedDescription,
        next: "Free some space there, or set XDG_STATE_HOME to another folder.")
    }
    readAt = changedAt
    savedAt = .now
    saving = savedAt - began
    isChanged = false
  }
}

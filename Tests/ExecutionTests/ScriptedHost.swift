// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Synchronization
import Wings

/// A host in memory that keeps files and a lease as an agent does, and fails as it is told.
final class ScriptedHost: ManagedHost {
  struct State {
    var files: [String: String] = [:]
    /// What nodes said last.
    var reports: [NodeReport] = []
    /// How often it was asked for that.
    var asked = 0
    var newestGeneration = 0
    var holder: RunToken?
    /// Every perform that took effect, as `run path`.
    var effects: [String] = []
    var performs = 0
    var claims = 0
    var running = 0
    var mostRunning = 0
  }

  let id: HostID
  let state = Mutex(State())
  /// Called before an operation takes effect; the number counts calls on this host from 1.
  private let before: @Sendable (AnyOperation, Int) async throws(AgentError) -> Void
  /// Called after it took effect and before the answer is sent.
  private let after: @Sendable (AnyOperation, Int) async throws(AgentError) -> Void
  private let reach: @Sendable () throws(AgentError) -> Void

  init(
    _ id: HostID, before: @escaping @Sendable (AnyOperation, Int) async throws(AgentError) -> Void = { _, _ in },
    after: @escaping @Sendable (AnyOperation, Int) async throws(AgentError) -> Void = { _, _ in },
    reach: @escaping @Sendable () throws(AgentError) -> Void = {}
  ) {
    self.id = id
    self.before = before
    self.after = after
    self.reach = reach
  }

  func answer(_ probes: [AnyProbe], secrets: Secrets) async throws(AgentError) -> [AnyProbe: AnyAnswer] {
    try reach()
    return Dictionary(
      uniqueKeysWithValues: probes.map { probe in
        if probe.probe is NodeReportsProbe {
          let reports = state.withLock { state in
            state.asked += 1
            return state.reports
          }
          return (probe, AnyAnswer(NodeReportsProbe.self, reports))
        }
        guard let file = probe.probe as? FileProbe, let text = state.withLock({ $0.files[file.path] }) else {
          return (probe, AnyAnswer(FileProbe.self, .absent))
        }
        let facts = FileFacts(
          digest: SHA256.hex(text), size: text.utf8.count, mode: 0o644, owner: "root", group: "root",
          contents: text, managed: true)
        return (probe, AnyAnswer(FileProbe.self, .file(facts)))
      })
  }

  func operations() async throws(AgentError) -> Set<String> { Set(OperationCatalog.all.names) }

  func perform(
    _ operation: AnyOperation, secrets: Secrets, run: RunToken, progress: @escaping @Sendable (String) -> Void
  ) async throws(AgentError) -> Outcome {
    try reach()
    try admit(run)
    let count = state.withLock { state in
      state.performs += 1
      state.running += 1
      state.mostRunning = max(state.mostRunning, state.running)
      return state.performs
    }
    defer { state.withLock { $0.running -= 1 } }
    try await before(operation, count)
    let changed = state.withLock { take(operation, run, &$0) }
    progress("at work")
    try await after(operation, count)
    return Outcome(changed: changed, detail: changed ? "written" : "as desired")
  }

  func confirm(_ change: PendingChange.ID, run: RunToken) async throws(AgentError) -> Outcome {
    throw AgentError(.notFound, "nothing waits", next: "Apply again.")
  }

  private func take(_ operation: AnyOperation, _ run: RunToken, _ state: inout State) -> Bool {
    guard let goal = operation.as(EnsureFile.self)?.goal else { return true }
    let text = String(decoding: goal.contents.bytes, as: UTF8.self)
    if state.files[goal.path] == text { return false }
    state.files[goal.path] = text
    state.effects.append("\(run.run) \(goal.path)")
    return true
  }

  private func admit(_ run: RunToken) throws(AgentError) {
    let (newest, holder) = state.withLock { ($0.newestGeneration, $0.holder) }
    if run.generation < newest {
      throw AgentError(.staleGeneration, "generation \(run.generation) is older than \(newest)", next: "Plan afresh.")
    }
    if holder?.run != run.run { throw AgentError(.leaseHeld, "no lease", next: "Claim it.") }
  }

  func lease() async throws(AgentError) -> LeaseState {
    try reach()
    return state.withLock { LeaseState(newestGeneration: $0.newestGeneration, holder: $0.holder, secondsLeft: 60) }
  }

  func claim(_ run: RunToken) async throws(AgentError) {
    try reach()
    let refusal = state.withLock { state -> AgentError? in
      if let holder = state.holder, holder.base != run.base {
        return AgentError(.leaseHeld, "held by \(holder.run)", next: "Wait.")
      }
      if run.generation < state.newestGeneration { return AgentError(.staleGeneration, "stale", next: "Plan afresh.") }
      state.claims += 1
      state.newestGeneration = run.generation
      state.holder = run
      return nil
    }
    if let refusal { throw refusal }
  }

  func release(_ run: RunToken) async throws(AgentError) {
    try reach()
    state.withLock { if $0.holder?.base == run.base { $0.holder = nil } }
  }

  func close() async {}
}

/// Lets whoever waits pass once it is opened. Waiting ignores cancellation, as a program that is half-way does.
actor Gate {
  private var isOpen = false
  private var waiting: [CheckedContinuation<Void, Never>] = []
  private var arrivals = 0
  private var watchers: [(count: Int, CheckedContinuation<Void, Never>)] = []

  func pass() async {
    arrivals += 1
    for watcher in watchers where watcher.count == arrivals { watcher.1.resume() }
    if !isOpen { await withCheckedContinuation { waiting.append($0) } }
  }

  func open() {
    isOpen = true
    for waiter in waiting { waiter.resume() }
    waiting = []
  }

  /// Returns when so many have arrived.
  func arrived(_ count: Int) async {
    if arrivals < count { await withCheckedContinuation { watchers.append((count, $0)) } }
  }
}

struct NoSecrets: SecretStore {
  func value(_ ref: SecretRef) throws(AgentError) -> [UInt8]? { nil }
  func valueMakingIfGenerated(_ ref: SecretRef) throws(AgentError) -> [UInt8]? { ref.isGenerated ? [1, 2, 3] : nil }
}

/// A program that waits for something that never comes.
func untilCancelled() async {
  let (never, continuation) = AsyncStream.makeStream(of: Void.self)
  for await _ in never {}
  continuation.finish()
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension EnsureChecked: AgentOperation {
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    let notes = try StoredCheckNotes(goal.token)
    let known = try notes.read(goal.check)
    let left = goal.parts.filter { part in !known.contains { $0.isOf(part) } }
    if left.isEmpty {
      return try goal.outcome(goal.parts.compactMap { part in known.first { $0.isOf(part) } }, changed: false)
    }
    var before = NotedChecks()
    for need in goal.needs {
      let results = try notes.read(need)
      if !results.isEmpty { before.note(need, results) }
    }
    var results = known + (await run(left, after: before, on: agent.id, context.progress))
    if Task.isCancelled {
      throw AgentError(
        .cancelled, "\(goal.check) was stopped", next: "Run `cluster test \(goal.check)` again: nothing is left of it.")
    }
    if goal.expected.same { results = CheckResult.compared(results) }
    try notes.write(CheckNote(check: goal.check, results: results))
    return try goal.outcome(results, changed: true)
  }

  private func run(
    _ parts: [CheckGoal.Part], after before: NotedChecks, on head: HostID,
    _ progress: @escaping @Sendable (String) -> Void
  ) async -> [CheckResult] {
    await NodeBatch.each(parts, atOnce: CheckGoal.width) { result, _ in
      progress(result.line)
    } body: { part in
      if let obstacle = goal.obstacle(part, before) { return CheckResult(part, .skipped, obstacle) }
      return await run(part, on: head)
    }
  }

  private func run(_ part: CheckGoal.Part, on head: HostID) async -> CheckResult {
    guard part.address != nil || part.machine == head || goal.account == .job else {
      return CheckResult(part, .unknown, "the description has no address of \(part.machine)")
    }
    let (argv, input) = goal.command(part, on: head)
    let start = ContinuousClock.now
    func milliseconds() -> Int { Int((ContinuousClock.now - start) / .milliseconds(1)) }
    do throws(AgentError) {
      guard let address = part.address else {
        let ended = try await Command.run(
          argv[0], Array(argv.dropFirst()), input: input, deadline: .seconds(goal.seconds + 10), keeping: NodeLogin.kept
        )
        return goal.judged(
          part, status: ended.status, stdout: ended.stdout, stderr: ended.stderr, milliseconds: milliseconds())
      }
      let ended = try await NodeLogin().run(
        argv, on: part.machine, at: address, input: input, deadline: .seconds(goal.seconds))
      return goal.judged(
        part, status: ended.status, stdout: ended.stdout, stderr: ended.stderr, milliseconds: milliseconds())
    } catch { return goal.unfinished(part, error, milliseconds: milliseconds()) }
  }
}

extension CheckNotesProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> [CheckNote] {
    try StoredCheckNotes(token).all()
  }
}

/// The results of the checks of one run: `/var/lib/cluster/checks/RUN/SET.CHECK.json`. The newest runs have theirs.
private struct StoredCheckNotes {
  private static let root = "/var/lib/cluster/checks"
  private static let kept = 8

  private let token: String
  private var folder: String { "\(Self.root)/\(token)" }

  init(_ token: String) throws(AgentError) {
    try Self.check(token)
    self.token = token
  }

  /// Names come from outside, and become paths.
  private static func check(_ name: String) throws(AgentError) {
    let isPlain = name.utf8.allSatisfy { byte in
      switch byte {
      case 45, 46, 48...57, 65...90, 95, 97...122: true
      default: false
      }
    }
    guard isPlain, (1...128).contains(name.utf8.count), !name.hasPrefix(".") else {
      throw AgentError(
        .invalid, "`\(name.visibleLine)` is no name of a run or check", next: "Report this as a bug of cluster.")
    }
  }

  private func path(_ check: CheckID) throws(AgentError) -> String {
    try Self.check(check.set)
    try Self.check(check.name)
    return "\(folder)/\(check.set).\(check.name).json"
  }

  func read(_ check: CheckID) throws(AgentError) -> [CheckResult] {
    try DurableJSON.read(CheckNote.self, from: path(check))?.results ?? []
  }

  func all() throws(AgentError) -> [CheckNote] {
    if try FileSystem.entry(folder) == nil { return [] }
    var notes: [CheckNote] = []
    for name in try FileSystem.names(in: folder) where name.hasSuffix(".json") {
      if let note = try DurableJSON.read(CheckNote.self, from: "\(folder)/\(name)") { notes.append(note) }
    }
    return notes
  }

  func write(_ note: CheckNote) throws(AgentError) {
    try DurableJSON.write(note, to: path(note.check))
    // Names of runs sort by time.
    for old in try FileSystem.names(in: Self.root).dropLast(Self.kept) where old != token {
      try FileSystem.removeAll("\(Self.root)/\(old)")
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import FoundationEssentials
import HostAccess
import Pacemaker
import Wings
import XML

extension EnsureServicesOn: AgentOperation {
  /// Every service is to run within this time; stopping and starting one takes 30 s each at most.
  private static var patience: Duration { .seconds(150) }
  /// A constraint that nobody takes away ends by itself after this time.
  private static var constrainedSeconds: Int { 600 }

  /// - Throws: `.conflict` when the head cannot take the services, `.deadline` when they do not all run there in time.
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    let status = try await PacemakerTools.parsedStatus()
    let isThere = goal.away(in: status).isEmpty
    if isThere {
      let isFreed = try await free()
      return Outcome(
        changed: isFreed,
        detail: "the services run on \(goal.head)" + (isFreed ? "; took away what held them there" : ""))
    }
    if let obstacle = goal.obstacle(in: status) {
      throw AgentError(
        .conflict, "\(goal.head) cannot take the services", cause: obstacle, next: "Check `cluster status`.")
    }
    var watch = ServiceWatch(goal.parts)
    let live = try await PacemakerTools.parsedCIB()
    context.progress("moving the services to \(goal.head)")
    let result: Result<Void, AgentError>
    do throws(AgentError) {
      try await hold()
      try await PacemakerTools.apply(constraint(on: live), to: live)
      try await follow(&watch, context)
      result = .success(())
    } catch { result = .failure(error) }
    _ = try await free()
    try result.get()
    _ = try await PacemakerTools.settle(within: 60)
    return Outcome(changed: true, detail: "the services run on \(goal.head): \(watch.text)")
  }

  /// Before they move: what finds out when they may go back begins with them.
  private func hold() async throws(AgentError) {
    guard let home = goal.held, home != goal.head else { return }
    let (name, word) = (Failback.id(of: goal.spread), Failback.Word.held.rawValue)
    try await Command.checked(
      "attrd_updater", ["--name", name, "--update", word, "--node", home.name, "--delay", "0"],
      next: "Check `cluster status`.")
  }

  private func constraint(on live: CIBDocument) -> CIBGoal {
    let id = SwitchoverGoal.constraint
    let end = Date(timeIntervalSinceNow: Double(Self.constrainedSeconds)).formatted(.iso8601)
    func element(_ name: String, _ attributes: [(String, String)], _ children: [XMLElement] = []) -> XMLElement {
      XMLElement(name, attributes.map { .init($0.0, $0.1) }, children: children.map { .element($0) })
    }
    let node = element(
      "expression",
      [("id", "\(id)-node"), ("attribute", "#uname"), ("operation", "eq"), ("value", goal.head.name)])
    let until = element("date_expression", [("id", "\(id)-until"), ("operation", "lt"), ("end", end)])
    let rule = element("rule", [("id", "\(id)-rule"), ("score", "INFINITY"), ("boolean-op", "and")], [node, until])
    let location = element("rsc_location", [("id", id), ("rsc", goal.anchor)], [rule])
    return CIBGoal(
      elements: [
        CIBElement(section: .constraints, id: id, xml: location.canonical),
        CIBDocument.registry(of: live.managed.union([id])),
      ], removed: [], members: [])
  }

  /// Takes the constraint away. False: there was none.
  private func free() async throws(AgentError) -> Bool {
    let live = try await PacemakerTools.parsedCIB()
    let id = SwitchoverGoal.constraint
    guard live.element(id, in: .constraints) != nil || live.managed.contains(id) else { return false }
    let goal = CIBGoal(
      elements: [CIBDocument.registry(of: live.managed.subtracting([id]))], removed: [id], members: [])
    try await PacemakerTools.apply(goal, to: live)
    return true
  }

  private func follow(_ watch: inout ServiceWatch, _ context: OperationContext) async throws(AgentError) {
    var missing: [String] = []
    var seen: ClusterStatus?
    let end = ContinuousClock.now + Self.patience
    while true {
      let status = try await PacemakerTools.parsedStatus()
      seen = status
      watch.note(status, on: goal.head, at: .now)
      let away = goal.away(in: status).flatMap(\.names)
      if away.isEmpty { return }
      if away != missing { context.progress("waiting for \(away.joined(separator: ", ")) on \(goal.head)") }
      missing = away
      guard ContinuousClock.now < end else { break }
      do { try await ContinuousClock().sleep(for: .milliseconds(100)) } catch {
        throw AgentError(
          .cancelled, "Stopped while the services move to \(goal.head)", next: "Check `cluster status`.")
      }
    }
    let reasons = (seen?.failures ?? []).map { "\($0.operation) on \($0.node): \($0.reason)" }
    throw AgentError(
      .deadline, "\(missing.joined(separator: ", ")) not on \(goal.head) within \(Self.patience.components.seconds) s",
      cause: reasons.isEmpty ? nil : reasons.joined(separator: "\n"),
      next: "Check `crm_mon --one-shot --failcounts`, and the units' journals on \(goal.head).")
  }
}

/// How long each part of what moves was seen to be away, by looking again and again.
private struct ServiceWatch {
  private let parts: [SwitchoverGoal.Part]
  private var lastLook = ContinuousClock.now
  /// Nobody saw it run after this.
  private var left: [String: ContinuousClock.Instant] = [:]
  private var away: [String: Duration] = [:]

  init(_ parts: [SwitchoverGoal.Part]) { self.parts = parts }

  /// A part is away from the last look that found it running to the first one that finds it on its new head: that may
  /// be two looks too long, and is never too short.
  mutating func note(_ status: ClusterStatus, on head: HostID, at now: ContinuousClock.Instant) {
    for part in parts where away[part.id] == nil {
      let resource = status.resource(part.id)
      let runs = resource?.role == "Started" && resource?.failed == false
      if runs, resource?.nodes == [head.name] {
        away[part.id] = (left[part.id] ?? lastLook).duration(to: now)
      } else if !runs, left[part.id] == nil {
        left[part.id] = lastLook
      }
    }
    lastLook = now
  }

  var text: String {
    parts.map { part in
      let tenths = away[part.id].map { ($0 / .milliseconds(100)).rounded(.up) / 10 }
      return "\(part.names.joined(separator: ", ")) away " + (tenths.map { "\($0) s" } ?? "since before")
    }.joined(separator: "; ")
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// `cluster test`: runs the checks of the package sets that are on.
///
/// - A step for each check and head. One that fails fails its step: the record says so, and what needs it is not tried.
/// - Done means that all results are noted, by the name of the run: a lost answer does not make a benchmark run twice.
package struct CheckErrand: Errand {
  package static let name = "test"

  package let selection: CheckSelection
  /// The name of its run: a check is run once for it.
  package let token: String

  package init(_ selection: CheckSelection, token: String) {
    self.selection = selection
    self.token = token
  }

  package var words: String {
    ([Self.name] + selection.names + (selection.kind.map { ["--kind", $0.rawValue] } ?? [])
      + (selection.machines.map { ["--on", HostlistText.fold($0)] } ?? [])).joined(separator: " ")
  }

  package func questions(_ sight: ErrandSight) -> [Question] {
    sight.cluster.heads.map { Question($0.name, CheckNotesProbe(token)) }
  }

  package func plan(_ sight: ErrandSight) throws(ErrandRefusal) -> ErrandPlan {
    let graph = try CheckGraph(selection, sight.cluster, activeHead: sight.activeHead)
    if graph.groups.isEmpty {
      throw ErrandRefusal(
        "nothing is tested", because: "no machine that is asked for has a check", next: "Name others with --on.")
    }
    var planner = CheckPlanner(graph, sight, token)
    for group in graph.groups { planner.add(group) }
    return planner.plan
  }

  /// The table of results, from the notes that the heads have.
  package func report(_ sight: ErrandSight) throws(ErrandRefusal) -> CheckReport {
    let graph = try CheckGraph(selection, sight.cluster, activeHead: sight.activeHead)
    return CheckReport(graph, CheckNotes(sight, token))
  }
}

/// The results that the heads have noted, and heads that do not tell.
struct CheckNotes {
  private(set) var results: [CheckID: [CheckResult]] = [:]
  private(set) var unreadable: [HostID: Unreadable] = [:]

  init(_ sight: ErrandSight, _ token: String) {
    for head in sight.cluster.heads.map(\.name) {
      do throws(Unreadable) {
        // One that is not there yet has run nothing.
        for note in try sight.answers.answer(head, CheckNotesProbe(token)) ?? [] {
          results[note.check, default: []] += note.results
        }
      } catch { unreadable[head] = error }
    }
  }

  /// The results of a check by their machines: there may be thousands.
  func byPlace(_ check: CheckID) -> [CheckGoal.Part: CheckResult] {
    Dictionary((results[check] ?? []).map { ($0.bare, $0) }) { first, _ in first }
  }
}

/// Makes the steps that are left.
private struct CheckPlanner {
  private let graph: CheckGraph
  private let notes: CheckNotes
  private let token: String
  private let known: [CheckID: [CheckGoal.Part: CheckResult]]
  private(set) var plan = ErrandPlan()
  /// Groups that a head that does not answer would run.
  private var blocked: [ResourceID: Unreadable] = [:]
  private var dropped: Set<ResourceID> = []
  /// Groups of other heads that a group comes after, by way of others too.
  private var waits: [ResourceID: [ResourceID]] = [:]

  init(_ graph: CheckGraph, _ sight: ErrandSight, _ token: String) {
    self.graph = graph
    self.token = token
    notes = CheckNotes(sight, token)
    known = Dictionary(
      Set(graph.groups.map(\.check.id)).map { [notes] in ($0, notes.byPlace($0)) }
    ) { first, _ in first }
  }

  private func result(_ check: CheckID, _ part: CheckGoal.Part) -> CheckResult? { known[check]?[part.bare] }

  private static func id(_ group: CheckGraph.Group) -> ResourceID {
    ResourceID("check", on: group.host, "\(group.check.id)")
  }

  mutating func add(_ group: CheckGraph.Group) {
    let check = group.check
    let left = group.parts.filter { result(check.id, $0) == nil }
    if left.isEmpty { return }
    let id = Self.id(group)
    if let error = notes.unreadable[group.host] { return block(id, error) }
    var own: [CheckID] = []
    var after: [ResourceID] = []
    for need in check.needs.map(\.id) {
      let needed = graph.groups(of: need)
      let isOwn = needed.contains { !$0.machines.isDisjoint(with: group.machines) }
      for other in needed where other.host == group.host || !isOwn {
        let otherID = Self.id(other)
        if let error = blocked[otherID] { return block(id, error) }
        if dropped.contains(otherID) { return drop(id) }
        if other.host == group.host {
          // Its results decide machine by machine. The lane has one check at a time, in this order.
          own.append(need)
          after += (waits[otherID] ?? []).filter { !after.contains($0) }
          continue
        }
        let isOpen = other.parts.contains { result(need, $0) == nil }
        if isOpen {
          if !after.contains(otherID) { after.append(otherID) }
        } else if other.parts.contains(where: { result(need, $0)?.status != .passed }) {
          return drop(id)
        }
      }
    }
    waits[id] = after
    let goal = CheckGoal(
      check: check.id, token: token, parts: left, script: check.script, account: check.account,
      expected: check.expectation, seconds: check.seconds, needs: own, remediation: check.remediation)
    plan.steps.append(
      (
        id,
        StepDraft("run", on: group.host, EnsureChecked(goal), because: check.summary, independent: true, after: after)
      )
    )
  }

  /// It is skipped: what it needs has not passed, and is not run again.
  private mutating func drop(_ id: ResourceID) { dropped.insert(id) }

  private mutating func block(_ id: ResourceID, _ error: Unreadable) {
    blocked[id] = error
    plan.blocked.append((id, error))
  }
}

extension CheckGoal.Part {
  /// The place alone, as a key.
  var bare: CheckGoal.Part { CheckGoal.Part(machine: machine, peer: peer, words: []) }
}

extension CheckResult {
  fileprivate var bare: CheckGoal.Part { CheckGoal.Part(machine: machine, peer: peer, words: []) }
}

extension SetCheck {
  fileprivate var script: CheckScript? { if case .script(let script, _) = program { script } else { nil } }
}

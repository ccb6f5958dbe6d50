// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The results of all checks of an order, on each machine: a pure function of the graph and of what heads have noted.
package struct CheckReport: Sendable {
  package struct Row: Encodable, Sendable {
    package var check: String
    package var summary: String
    package var machine: String
    package var peer: String?
    package var status: CheckResult.Status
    package var detail: String
    package var output: String
    package var seconds: Double
    package var remediation: String?
  }

  package private(set) var rows: [Row] = []
  /// Checks that were asked for, and that no machine was there for.
  package let idle: [String]

  init(_ graph: CheckGraph, _ notes: CheckNotes) {
    var results = NotedChecks()
    let idle = Set(graph.idle.map(\.id))
    self.idle = graph.idle.map { "\($0.id)" }
    var order: [CheckID] = []
    for group in graph.groups where order.last != group.check.id { order.append(group.check.id) }
    for id in order {
      let groups = graph.groups(of: id)
      guard let check = groups.first?.check else { continue }
      // One that runs nowhere in this order is not asked for.
      let needs = check.needs.map(\.id).filter { !idle.contains($0) }
      let noted = notes.byPlace(id)
      var found = groups.flatMap { group in
        group.parts.map { noted[$0.bare] ?? Self.missing($0, group, needs, results, notes) }
      }
      if check.expectation.same { found = CheckResult.compared(found) }
      results.note(id, found)
      rows += found.map { Row(check, $0) }
    }
  }

  /// The result of a part that nobody has noted.
  private static func missing(
    _ part: CheckGoal.Part, _ group: CheckGraph.Group, _ needs: [CheckID], _ results: NotedChecks,
    _ notes: CheckNotes
  ) -> CheckResult {
    if let error = notes.unreadable[group.host] {
      return CheckResult(part, .unknown, "\(group.host) would run it, and \(error.words)")
    }
    let machines = [part.machine] + (part.peer.map { [$0] } ?? [])
    if let obstacle = results.obstacle(machines, needs: needs) {
      return CheckResult(part, .skipped, obstacle)
    }
    return CheckResult(part, .unknown, "it was not run")
  }

  package func count(_ status: CheckResult.Status) -> Int { rows.count { $0.status == status } }

  /// Whether nothing has failed, and nothing is unknown. What was skipped for want of an account is no failure.
  package var hasPassed: Bool { count(.failed) == 0 && count(.unknown) == 0 }

  package var summary: String {
    CheckResult.Status.allCases.map { "\(count($0)) \($0.rawValue)" }.joined(separator: ", ")
  }

  /// Rows of one check that say the same, as one.
  package struct Lines: Sendable {
    package var first: Row
    /// The machines, folded; of a pair that failed both.
    package var places: String
    /// The detail, without the machine where each row has another one.
    package var detail: String
    package var seconds: Double
  }

  package var folded: [Lines] {
    struct Same: Hashable { var check, detail, output: String; var status: CheckResult.Status; var pair: String? }
    let groups = rows.grouped { row in
      Same(
        check: row.check, detail: row.status == .skipped ? row.detail.withoutPlace : row.detail,
        // The output of one that passed is only compared.
        output: row.status == .passed ? "" : row.output, status: row.status,
        pair: row.status == .failed ? row.peer : nil)
    }
    return groups.compactMap { same, rows in
      guard let first = rows.first else { return nil }
      let isOne = Set(rows.map(\.detail)).count == 1
      return Lines(
        first: first,
        places: HostlistText.fold(rows.map { HostID($0.machine) }) + (same.pair.map { " → \($0)" } ?? ""),
        detail: isOne ? first.detail : same.detail, seconds: rows.map(\.seconds).max() ?? 0)
    }
  }
}

extension String {
  /// `needs a/b, which failed on node001` without the machine.
  fileprivate var withoutPlace: String {
    guard hasPrefix("needs "), let end = ranges(of: " on ").last else { return self }
    return String(self[..<end.lowerBound])
  }
}

extension Unreadable {
  fileprivate var words: String {
    switch self {
    case .unreachable(_, let error), .failed(_, let error): "does not tell: \(error)"
    case .unasked: "was not asked"
    }
  }
}

extension CheckReport.Row {
  /// Text from machines is escaped here: everything later only shows it.
  init(_ check: SetCheck, _ result: CheckResult) {
    self.init(
      check: "\(check.id)", summary: check.summary, machine: result.machine.name, peer: result.peer?.name,
      status: result.status, detail: result.detail.visibleLine, output: result.output.visibleLines,
      seconds: Double(result.milliseconds) / 1000, remediation: result.status == .failed ? check.remediation : nil)
  }
}

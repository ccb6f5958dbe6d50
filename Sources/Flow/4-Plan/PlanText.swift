// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// A plan as people read it: the summary, then by host, what is blocked, and what destroys repeated at the end.
package struct PlanText: Sendable {
  /// Longer lists of changes are cut, with the number of lines left out.
  private static let mostChanges = 12

  private let plan: Plan
  private let colour: Bool
  /// Names as a hostlist: `node[001-004]`.
  private let fold: @Sendable ([String]) -> String

  package init(_ plan: Plan, colour: Bool, fold: @escaping @Sendable ([String]) -> String) {
    self.plan = plan
    self.colour = colour
    self.fold = fold
  }

  /// Ends with a newline.
  package var text: String {
    if plan.isClean { return "No changes. Everything is as the spec describes it.\n" }
    var lines = [PlanSummary(plan).line]
    let groups = StepGroup.grouped(plan.steps)
    for host in Set(plan.steps.map(\.host)).sorted() {
      lines += ["", painted(host.name, .bold)]
      for group in groups where group.first.host == host { lines += described(group) }
    }
    if !plan.blocked.isEmpty {
      lines += ["", painted("Blocked", .yellow)]
      lines += blockedLines
    }
    let destructive = groups.filter(\.first.destructive)
    if !destructive.isEmpty {
      lines += ["", painted("Destructive: what these take away does not come back", .red)]
      lines += destructive.map { "  \(painted("!", .red)) \($0.first.host): \(title($0))" }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func title(_ group: StepGroup) -> String {
    let target = group.nodes.isEmpty ? group.first.operation.target : fold(group.nodes)
    return "\(group.first.operation.name) \(target)"
  }

  private func described(_ group: StepGroup) -> [String] {
    let step = group.first
    var marks: [String] = []
    if step.disruption != .none { marks.append(painted(step.disruption.rawValue, .yellow)) }
    if step.destructive { marks.append(painted("destructive", .red)) }
    let mark =
      step.destructive ? painted("!", .red) : step.operation.isRemoval ? painted("-", .red) : painted("+", .green)
    var lines = ["  \(mark) \(title(group))" + (marks.isEmpty ? "" : "  [\(marks.joined(separator: ", "))]")]
    let place = step.source.map { "  (\($0.file):\($0.line))" } ?? ""
    lines.append("      \(group.because(fold))\(place)")
    // One line is left out only when that saves lines.
    let shown = step.changes.count <= Self.mostChanges + 1 ? step.changes.count : Self.mostChanges
    lines += step.changes.prefix(shown).map { "        " + painted($0) }
    if shown < step.changes.count { lines.append("        … \(step.changes.count - shown) more lines") }
    return lines
  }

  /// One entry for each reason: a host that is away blocks everything on it, and is said once.
  private var blockedLines: [String] {
    var order: [String] = []
    var groups: [String: [Blocked]] = [:]
    for blocked in plan.blocked {
      let reason = "\(blocked.reason)"
      if groups[reason] == nil { order.append(reason) }
      groups[reason, default: []].append(blocked)
    }
    return order.flatMap { reason in described(groups[reason] ?? [], reason) }
  }

  /// More names than this are counted, not listed.
  private static let mostBlocked = 4

  private func described(_ group: [Blocked], _ reason: String) -> [String] {
    guard let first = group.first else { return [] }
    let shown = group.count <= Self.mostBlocked + 1 ? group.count : Self.mostBlocked
    var lines = group.prefix(shown).map { blocked in
      "  \(painted("?", .yellow)) \(blocked.resource)" + (blocked.source.map { "  (\($0.file):\($0.line))" } ?? "")
    }
    if shown < group.count { lines.append("  \(painted("?", .yellow)) … and \(group.count - shown) more") }
    return lines + ["      \(reason)", "      next: \(first.next)"]
  }

  private enum Paint: String { case bold = "1", red = "31", green = "32", yellow = "33" }

  private func painted(_ text: String, _ paint: Paint) -> String {
    colour ? "\u{1b}[\(paint.rawValue)m\(text)\u{1b}[0m" : text
  }

  private func painted(_ change: String) -> String {
    switch change.first {
    case "+": painted(change, .green)
    case "-": painted(change, .red)
    default: change
    }
  }
}

extension Operation {
  fileprivate var isRemoval: Bool {
    switch self {
    case .ensureFileAbsent, .ensureTreeAbsent, .ensurePackagesAbsent, .ensureImageAbsent: true
    default: false
    }
  }
}

extension Blocked.Reason: CustomStringConvertible {
  /// Why it is blocked, as a clause.
  package var description: String {
    switch self {
    case .unreadable(.unreachable(let host, let error)): "\(host) cannot be asked: \(error)"
    case .unreadable(.failed(let host, let error)): "\(host) could not tell: \(error)"
    case .unreadable(.unasked(let host)): "\(host) was not asked"
    case .waitsFor(let resource): "waits for \(resource)"
    }
  }
}

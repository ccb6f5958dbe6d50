// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The part that cannot be planned now: one entry for each reason, because a host that is away blocks everything on it.
struct BlockedText {
  /// More names than this are counted, not listed.
  private static let mostNames = 4
  /// More reasons than this are counted, not listed.
  private static let mostReasons = 4

  let text: PlanText

  /// Begins with an empty line, or is empty.
  var lines: [String] {
    if text.review.plan.blocked.isEmpty { return [] }
    let reasons = Self.byReason(text.review.plan.blocked)
    let shown = text.full ? reasons.count : min(reasons.count, Self.mostReasons)
    var lines = ["", text.paint("Blocked", .yellow)] + reasons.prefix(shown).flatMap(lines)
    if shown < reasons.count { lines.append("  … and \(reasons.count - shown) more reasons") }
    return lines
  }

  private static func byReason(_ blocked: [Blocked]) -> [[Blocked]] {
    var groups: [[Blocked]] = []
    var places: [Blocked.Reason: Int] = [:]
    for entry in blocked {
      if let place = places[entry.reason] {
        groups[place].append(entry)
      } else {
        places[entry.reason] = groups.count
        groups.append([entry])
      }
    }
    return groups
  }

  private func lines(_ group: [Blocked]) -> [String] {
    let most = text.full ? .max - 1 : Self.mostNames
    let shown = group.count <= most + 1 ? group.count : most
    let mark = text.paint("?", .yellow)
    var lines = group.prefix(shown).map { blocked in
      "  \(mark) \(blocked.resource)" + (blocked.source.map { "  (\($0.file):\($0.line))" } ?? "")
    }
    if shown < group.count { lines.append("  \(mark) … and \(group.count - shown) more") }
    return lines + group.prefix(1).flatMap { ["      \($0.reason)", "      next: \($0.next)"] }
  }
}

extension Blocked.Reason: CustomStringConvertible {
  /// Why it is blocked, as a clause.
  package var description: String {
    switch self {
    case .unreadable(.unreachable(let host, let error)): "\(host) cannot be asked: \(error)"
    case .unreadable(.failed(let host, let error)): "\(host) could not answer: \(error)"
    case .unreadable(.unasked(let host)): "\(host) was not asked"
    case .waitsFor(let resource): "waits for \(resource)"
    case .leftOut(let resource): "depends on \(resource), which is left out"
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The steps of a plan by host, as detailed as there is room for.
struct StepsText {
  /// The detail in which a step is told, from everything to a number.
  enum Detail: Int, CaseIterable {
    /// Every line of every change.
    case all
    /// Long changes are cut.
    case some
    case reasons, titles, counts
  }

  /// Groups with the same hosts.
  private struct Section {
    var hosts: [HostID]
    var groups: [Int]
  }

  /// Longer lists of changes are cut, with the number of lines left out.
  private static let mostChanges = 12

  private let text: PlanText
  private let groups: [StepGroup]
  private var sections: [Section] = []
  /// The groups, by group, that its first step waits for, and that a reader would not guess.
  private let waits: [[Int]]

  init(_ text: PlanText, _ groups: [StepGroup]) {
    self.text = text
    self.groups = groups
    var places: [[HostID]: Int] = [:]
    for (index, group) in groups.enumerated() {
      let hosts = group.hosts.sorted()
      if let place = places[hosts] {
        sections[place].groups.append(index)
      } else {
        places[hosts] = sections.count
        sections.append(Section(hosts: hosts, groups: [index]))
      }
    }
    sections.sort { $0.hosts.lexicographicallyPrecedes($1.hosts) }
    waits = Self.waits(text.review.plan.steps, groups, sections.map(\.groups))
  }

  /// The groups to wait for that do not stand just before it in the text anyway.
  private static func waits(_ steps: [Step], _ groups: [StepGroup], _ sections: [[Int]]) -> [[Int]] {
    var numbers: [StepID: Int] = Dictionary(minimumCapacity: steps.count)
    var groupOf = Array(repeating: 0, count: steps.count)
    for (index, group) in groups.enumerated() {
      for member in group.members {
        groupOf[member] = index
        numbers[steps[member].id] = index
      }
    }
    var above = Array(repeating: -1, count: groups.count)
    for section in sections { for (previous, next) in zip(section, section.dropFirst()) { above[next] = previous } }
    return groups.indices.map { index in
      let others = Set(groups[index].first.after.compactMap { numbers[$0] })
      return others.subtracting([index, above[index]]).sorted()
    }
  }

  /// The most detailed text that fits, and how detailed it is. Begins with an empty line unless there are no steps.
  func lines(atMost limit: Int) -> (lines: [String], detail: Detail) {
    let wanted: [Detail] = text.full ? [.all] : Detail.allCases
    let detail = wanted.first { lineCount($0) <= limit } ?? (text.full ? .all : .counts)
    return (sections.flatMap { lines($0, detail) }, detail)
  }

  /// How many lines a text this detailed has.
  func lineCount(_ detail: Detail) -> Int {
    sections.reduce(0) { total, section in
      total + 2
        + (detail == .counts ? counts(section).count : section.groups.reduce(0) { $0 + lineCount($1, detail) })
    }
  }

  private func lineCount(_ group: Int, _ detail: Detail) -> Int {
    switch detail {
    case .all: 2 + (waits[group].isEmpty ? 0 : 1) + groups[group].first.changes.count
    case .some: 2 + (waits[group].isEmpty ? 0 : 1) + min(groups[group].first.changes.count, Self.mostChanges + 1)
    case .reasons: 2
    case .titles, .counts: 1
    }
  }

  private func lines(_ section: Section, _ detail: Detail) -> [String] {
    var lines = ["", text.paint(text.folded(section.hosts), .bold)]
    if detail == .counts { return lines + counts(section) }
    for group in section.groups { lines += self.lines(group, detail) }
    return lines
  }

  private func lines(_ index: Int, _ detail: Detail) -> [String] {
    let group = groups[index]
    let step = group.first
    var lines = ["  \(mark(step)) \(text.title(group))\(tags(group))"]
    if detail == .titles { return lines }
    lines.append("      \(group.because(text.folded(group.machines)))\(group.place)")
    if detail == .reasons { return lines }
    if !waits[index].isEmpty { lines.append("      after: \(waitText(waits[index]))") }
    // One line is left out only when that saves lines.
    let whole = detail == .all || step.changes.count <= Self.mostChanges + 1
    let shown = whole ? step.changes.count : Self.mostChanges
    lines += step.changes.prefix(shown).map { "        " + painted($0) }
    if shown < step.changes.count { lines.append("        … \(step.changes.count - shown) more lines") }
    return lines
  }

  private func waitText(_ groups: [Int]) -> String {
    let shown = groups.suffix(2).map { "\(text.folded(self.groups[$0].hosts)): \(text.title(self.groups[$0]))" }
    return shown.joined(separator: "; ")
      + (groups.count > shown.count ? "; and \(groups.count - shown.count) more" : "")
  }

  private func tags(_ group: StepGroup) -> String {
    let step = group.first
    var tags: [String] = []
    if step.disruption != .none {
      let turns =
        if let place = step.place, group.members.count > place.width {
          ", \(place.width == 1 ? "one" : "\(place.width)") at a time"
        } else if group.hosts.count > 1 && step.disrupts != nil {
          ", one head after the other"
        } else { "" }
      tags.append(text.paint(step.disruption.rawValue + turns, .yellow))
    }
    if step.destructive { tags.append(text.paint("destructive", .red)) }
    if let ceiling = text.review.ceiling, step.disruption > ceiling { tags.append(text.paint("refused", .red)) }
    return tags.isEmpty ? "" : "  [\(tags.joined(separator: ", "))]"
  }

  private func mark(_ step: Step) -> String {
    if step.destructive { return text.paint("!", .red) }
    return step.operation.isRemoval ? text.paint("-", .red) : text.paint("+", .green)
  }

  private func painted(_ change: String) -> String {
    switch change.utf8.first {
    case UInt8(ascii: "+"): text.paint(change, .green)
    case UInt8(ascii: "-"): text.paint(change, .red)
    default: change
    }
  }

  /// One line for each sort of step: where there is no room for more, the steps that matter are said again below.
  private func counts(_ section: Section) -> [String] {
    var order: [String] = []
    var kinds: [String: (first: Step, count: Int, machines: [HostID])] = [:]
    for index in section.groups {
      let group = groups[index]
      let key = group.first.operation.counting.counted(2) + group.first.disruption.rawValue
      if kinds[key] == nil { order.append(key) }
      var kind = kinds[key] ?? (group.first, 0, [])
      kind.count += group.members.count / section.hosts.count
      kind.machines += group.machines
      kinds[key] = kind
    }
    return order.compactMap { key in
      kinds[key].map { kind in
        let disruption = kind.first.disruption
        let tag = disruption == .none ? "" : "  [" + text.paint(disruption.rawValue, .yellow) + "]"
        let names = kind.machines.isEmpty ? "" : ": " + text.folded(kind.machines)
        return "  \(mark(kind.first)) \(kind.first.operation.counting.counted(kind.count))\(names)\(tag)"
      }
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// A plan as a comment on a pull request: a table to see at once, the steps behind a fold.
package struct PlanMarkdown {
  /// A comment on GitHub has at most 65,536 characters; what is posted with it needs some of them.
  private static let mostBytes = 60_000

  private let review: PlanReview
  private let text: PlanText
  private let groups: [StepGroup]

  package init(_ review: PlanReview) {
    self.review = review
    text = PlanText(review, colour: false)
    groups = StepGroup.grouped(review.plan.steps)
  }

  /// Ends with a newline. Changes are left out, and then single steps, where all of it would be too long to post.
  package var markdown: String {
    guard review.simulated else { return body }
    return ["> \(PlanReview.simulatedLine)", "", body, "> \(PlanReview.simulatedLine)", ""].joined(separator: "\n")
  }

  private var body: String {
    let notes = review.notes.flatMap { ["> \(Self.escaped($0))", ""] }
    if review.plan.isClean {
      return (["### No changes", ""] + notes + [review.cleanLine]).joined(separator: "\n")
        + "\n"
    }
    let head = ["### Plan: \(PlanSummary(review.plan).line)", ""] + notes + forecast + warnings
    let tail = blocked + undo
    for detail in [Detail.changes, .reasons, .none] {
      let all = (head + steps(detail) + tail).joined(separator: "\n") + "\n"
      if all.utf8.count <= Self.mostBytes { return all }
    }
    return String((head + tail).joined(separator: "\n").prefix(Self.mostBytes / 4)) + "\n"
  }

  private enum Detail { case changes, reasons, none }

  private var forecast: [String] {
    guard let forecast = review.forecast, forecast.steps > 0 else { return [] }
    var lines = ["| what | expected |", "|---|---|"]
    for interruption in forecast.interruptions {
      let service = interruption.service.utf8.count > 80 ? interruption.service.prefix(72) + "…" : interruption.service
      lines.append("| interrupts \(Self.escaped(service)) | \(ForecastText.words(interruption)) |")
    }
    if forecast.interruptions.isEmpty { lines.append("| interrupts | nothing |") }
    lines.append("| takes | about \(ForecastText.duration(forecast.totalSeconds)) |")
    return lines + [""]
  }

  private var warnings: [String] {
    var lines: [String] = []
    if let ceiling = review.ceiling, !review.aboveCeiling.isEmpty {
      lines += [
        "**\(review.aboveCeiling.count) steps are above `--max-disruption \(ceiling.rawValue)`: "
          + "`apply` refuses this plan.**", "",
      ]
    }
    if !review.plan.leaving.isEmpty {
      lines += ["**Leaves**", ""] + review.plan.leaving.map { "- \(Self.escaped($0.title))" }
      lines += ["", Self.escaped(LeavingText.warning), ""]
    }
    let titles: [(String, (StepGroup) -> Bool)] = [
      ("Destroys what does not come back", { $0.first.destructive }),
      ("Reboots", { $0.first.disruption == .reboot && !$0.first.destructive }),
      ("Fails over", { $0.first.disruption == .failover && !$0.first.destructive }),
    ]
    for (title, isMeant) in titles {
      let found = groups.filter(isMeant)
      if found.isEmpty { continue }
      lines += ["**\(title)**", ""] + found.prefix(8).map { "- \(hosts($0)): \(Self.code(text.title($0)))" }
      if found.count > 8 { lines.append("- … and \(found.count - 8) more") }
      lines.append("")
    }
    return lines
  }

  private func steps(_ detail: Detail) -> [String] {
    if detail == .none { return ["The steps are too many to be shown here: see `cluster plan --full`.", ""] }
    var order: [[HostID]] = []
    var sections: [[HostID]: [StepGroup]] = [:]
    for group in groups {
      let hosts = group.hosts.sorted()
      if sections[hosts] == nil { order.append(hosts) }
      sections[hosts, default: []].append(group)
    }
    return order.sorted { $0.lexicographicallyPrecedes($1) }.flatMap { hosts -> [String] in
      let groups = sections[hosts] ?? []
      let count = groups.reduce(0) { $0 + $1.members.count }
      let steps = count == 1 ? "1 step" : "\(count) steps"
      return ["<details><summary>\(text.folded(hosts)): \(steps)</summary>", ""]
        + groups.flatMap { lines($0, detail) } + ["", "</details>", ""]
    }
  }

  private func lines(_ group: StepGroup, _ detail: Detail) -> [String] {
    let step = group.first
    let tag = step.disruption == .none ? "" : " **\(step.disruption.rawValue)**"
    let because = group.because(text.folded(group.machines))
    var lines = ["- \(Self.code(text.title(group)))\(tag)<br>\(Self.escaped(because + group.place))"]
    guard detail == .changes, !step.changes.isEmpty else { return lines }
    // A fence longer than any in the text cannot be closed by it.
    let fence = String(repeating: "`", count: max(3, Self.longestRun(step.changes) + 1))
    lines += ["", "  \(fence)diff"] + step.changes.map { "  \($0)" } + ["  \(fence)", ""]
    return lines
  }

  private func hosts(_ group: StepGroup) -> String { Self.escaped(text.folded(group.hosts)) }

  private var blocked: [String] {
    let lines = BlockedText(text: text).lines.dropFirst(2)
    return lines.isEmpty ? [] : ["**Blocked**", "", "```text"] + lines + ["```", ""]
  }

  private var undo: [String] {
    guard let undo = review.undo, !review.plan.steps.isEmpty else { return [] }
    return ["To undo: \(undo.text)"]
  }

  private static func code(_ text: String) -> String {
    let fence = String(repeating: "`", count: longestRun([text]) + 1)
    return fence.utf8.count == 1 ? "`\(text)`" : "\(fence) \(text) \(fence)"
  }

  private static func longestRun(_ lines: [String]) -> Int {
    lines.reduce(0) { longest, line in
      var (run, most) = (0, longest)
      for byte in line.utf8 {
        run = byte == UInt8(ascii: "`") ? run + 1 : 0
        most = max(most, run)
      }
      return most
    }
  }

  /// Nothing in a reason is markup, or calls somebody by name.
  private static func escaped(_ text: some StringProtocol) -> String {
    var result = ""
    for character in text {
      switch character {
      case "@": result += "&#64;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "&": result += "&amp;"
      case "|", "*", "_", "`", "[", "]", "\\", "#", "~": result += "\\\(character)"
      default: result.append(character)
      }
    }
    return result
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// A plan as people read it: the summary and what it interrupts, the steps by host, what is blocked, and once more what
/// destroys, reboots or fails over.
///
/// Unless all of it is asked for, it fits a screen or two: details go first, then reasons, then single steps.
package struct PlanText: Sendable {
  /// Lines without `full`.
  package static let mostLines = 100

  let review: PlanReview
  let paint: Paint
  let full: Bool

  package init(_ review: PlanReview, colour: Bool, full: Bool = false) {
    self.review = review
    paint = Paint(isOn: colour)
    self.full = full
  }

  package init(_ plan: Plan, colour: Bool) { self.init(PlanReview(plan), colour: colour) }

  /// Ends with a newline.
  package var text: String { lines.joined(separator: "\n") + "\n" }

  private var lines: [String] {
    guard review.simulated else { return body }
    let line = paint(PlanReview.simulatedLine, .yellow)
    return [line, ""] + body + ["", line]
  }

  private var body: [String] {
    let plan = review.plan
    if plan.isClean { return review.notes + [review.cleanLine] }
    let groups = StepGroup.grouped(plan.steps)
    let head = review.notes + (review.notes.isEmpty ? [] : [""]) + heading
    let tail = tail(groups)
    let steps = StepsText(self, groups)
    let limit = full ? .max : Self.mostLines - head.count - tail.count - (review.simulated ? 5 : 1)
    let (body, detail) = steps.lines(atMost: limit)
    var lines = head + body + tail
    if !full {
      let all = PlanText(review, colour: false, full: true)
      let missing = all.lineCount(groups, steps) - lines.count
      if missing > 0 || detail != .all { lines += ["", "--full shows \(max(missing, 1)) more lines."] }
    }
    return lines
  }

  /// How many lines the full text has, without making those of the steps.
  private func lineCount(_ groups: [StepGroup], _ steps: StepsText) -> Int {
    let head = review.notes.count + (review.notes.isEmpty ? 0 : 1) + heading.count
    return head + steps.lineCount(.all) + tail(groups).count
  }

  /// The text after the steps.
  private func tail(_ groups: [StepGroup]) -> [String] {
    BlockedText(text: self).lines + LeavingText(text: self).lines + RepeatedText(text: self, groups: groups).lines
      + undoing
  }

  private var heading: [String] {
    let summary = PlanSummary(review.plan)
    var lines = [summary.line]
    if let forecast = review.forecast { lines += ForecastText(forecast, full: full).lines }
    let refused = review.aboveCeiling.count
    if let ceiling = review.ceiling, refused > 0 {
      let steps = refused == 1 ? "1 step is" : "\(refused) steps are"
      lines.append(
        paint("\(steps) above --max-disruption \(ceiling.rawValue): `apply` refuses the whole plan.", .red))
    }
    return lines
  }

  private var undoing: [String] {
    guard let undo = review.undo, !review.plan.steps.isEmpty else { return [] }
    return ["", "To undo: \(undo.text)"]
  }

  /// Names as a hostlist; a long one is cut, with the number of names.
  func folded(_ names: [HostID]) -> String {
    let text = HostlistText.fold(names)
    let most = 72
    guard !full, text.utf8.count > most else { return text }
    let cut = text.prefix(most)
    let end = cut.lastIndex(of: ",") ?? cut.endIndex
    return "\(cut[..<end]),… (\(names.count) in all)"
  }

  func title(_ group: StepGroup) -> String { group.first.title(folded(group.machines)) }
}

/// Colours, where they are wanted.
struct Paint: Sendable {
  enum Tone: String { case bold = "1", red = "31", green = "32", yellow = "33" }

  let isOn: Bool

  func callAsFunction(_ text: String, _ tone: Tone) -> String {
    isOn ? "\u{1b}[\(tone.rawValue)m\(text)\u{1b}[0m" : text
  }
}

/// A plan in numbers.
package struct PlanSummary: Hashable, Codable, Sendable {
  package var steps: Int
  package var blocked: Int
  package var destructive: Int
  /// Steps by what users may notice: `none`, `reload`, `restart`, `reboot`, `failover`.
  package var disruption: [String: Int]
  /// Steps by the host that does them.
  package var hosts: [String: Int]
  /// Heads that leave. Nil: none does.
  package var leaving: Int?

  package init(_ plan: Plan) {
    steps = plan.steps.count
    blocked = plan.blocked.count
    destructive = plan.steps.count { $0.destructive }
    disruption = Dictionary(uniqueKeysWithValues: Step.Disruption.allCases.map { ($0.rawValue, 0) })
    hosts = [:]
    leaving = plan.leaving.isEmpty ? nil : plan.leaving.count
    for step in plan.steps {
      disruption[step.disruption.rawValue, default: 0] += 1
      hosts[step.host.name, default: 0] += 1
    }
  }

  /// One line: `12 steps (9 on head1, 3 on head2); 1 restart; 1 destructive; 2 blocked.`
  package var line: String {
    var parts: [String] = []
    if steps > 0 {
      let places = hosts.sorted { $0.key < $1.key }.map { "\($0.value) on \($0.key)" }.joined(separator: ", ")
      parts.append("\(counted(steps, "step")) (\(places))")
    }
    for kind in Step.Disruption.allCases where kind != .none {
      if let count = disruption[kind.rawValue], count > 0 { parts.append(counted(count, kind.rawValue)) }
    }
    if destructive > 0 { parts.append("\(destructive) destructive") }
    if let leaving { parts.append(leaving == 1 ? "1 head leaves" : "\(leaving) heads leave") }
    if blocked > 0 { parts.append("\(blocked) blocked") }
    return parts.joined(separator: "; ") + "."
  }

  private func counted(_ count: Int, _ word: String) -> String { "\(count) \(word)\(count == 1 ? "" : "s")" }
}

/// Heads that the description has dropped: near the end of a plan, because what is forgotten does not come back.
struct LeavingText {
  let text: PlanText

  /// Begins with an empty line, or is empty.
  var lines: [String] {
    let leaving = text.review.plan.leaving
    if leaving.isEmpty { return [] }
    let mark = text.paint("!", .red)
    return ["", text.paint("Leaves", .red)] + leaving.map { "  \(mark) \($0.title)" } + ["      \(Self.warning)"]
  }

  static let warning =
    "Nothing is asked or taken away there. It must be off, or do nothing for this cluster any more."
}

extension LeavingHead {
  var title: String { "\(host) leaves: what it has on it stays as it is, and is forgotten (\(count))" }

  private var count: String { resources.count == 1 ? "1 resource" : "\(resources.count) resources" }
}

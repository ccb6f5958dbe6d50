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

  /// What comes after the steps.
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

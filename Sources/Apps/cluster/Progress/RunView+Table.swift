// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation

extension RunView {
  /// The run as it stands, for a terminal of this size: a line with the counts, then what runs, oldest first.
  ///
  /// Each line fits the width, and all of them leave room for a few lines above.
  func table(at now: Double, columns: Int, rows: Int, colour: Bool) -> [String] {
    let width = max(20, columns - 1)
    let entries = entries(at: now)
    let most = max(1, min(20, rows - 6))
    var lines = [Self.fit(summary(at: now), width)].map { colour ? "\u{1b}[1m\($0)\u{1b}[0m" : $0 }
    lines.append(Self.bar(share: share(at: now), width: min(width, 60)))
    let shown = entries.count > most ? most - 1 : entries.count
    let place = entries.prefix(shown).map(\.place.count).max() ?? 0
    for entry in entries.prefix(shown) {
      let name = entry.place.padding(toLength: place, withPad: " ", startingAt: 0)
      let time = Terminal.elapsed(entry.seconds)
      lines.append(
        Self.fit("  \(name)  \(String(repeating: " ", count: max(0, 9 - time.count)))\(time)  \(entry.words)", width))
    }
    if entries.count > shown { lines.append(Self.fit("  … and \(entries.count - shown) more", width)) }
    return lines
  }

  private func summary(at now: Double) -> String {
    // What must not be missed comes first: a narrow terminal shows only that.
    var parts = ["\(succeeded) of \(total) done"]
    if failed > 0 { parts.append("\(failed) FAILED") }
    if blocked > 0 { parts.append("\(blocked) blocked") }
    parts.append("\(running.count - expecting) running")
    if expecting > 0 { parts.append("\(expecting) waited for") }
    parts += ["\(waiting) to come", Terminal.elapsed(now)]
    if stopping != nil {
      parts.append("stopping: what is in flight is finished")
    } else if let left = left(at: now) {
      parts.append(left < 1 ? "nearly done" : "about \(Self.about(left)) left")
    }
    return parts.joined(separator: "  ·  ")
  }

  private func share(at now: Double) -> Double {
    if let estimate, let left = left(at: now), estimate.total > 0 { return 1 - min(1, left / estimate.total) }
    return total == 0 ? 1 : Double(done.count) / Double(total)
  }

  private struct Entry {
    var place: String
    var seconds: Double
    var words: String
  }

  /// One for each step; nodes at the same stage are one together.
  private func entries(at now: Double) -> [Entry] {
    var entries: [Entry] = []
    var nodes: [String: [Running]] = [:]
    for one in running {
      if case .node(let node) = one.step.operation.impact {
        nodes[Self.stage(one, node), default: []].append(one)
      } else {
        let said = one.said.map { ": \($0)" } ?? ""
        entries.append(
          Entry(
            place: one.step.host.name, seconds: now - one.since,
            words: "\(one.step.title)\(said)"))
      }
    }
    for (stage, group) in nodes.sorted(by: { $0.key < $1.key }) {
      // The one that is given up first tells how long it may go on.
      let left = group.compactMap { $0.wait?.left }.min()
      entries.append(
        Entry(
          place: Self.names(group), seconds: group.map { now - $0.since }.max() ?? 0,
          words: stage + (left.map { "; waited for until \(Terminal.elapsed(now + Double($0)))" } ?? "")))
    }
    return entries
  }

  private static func names(_ group: [Running]) -> String {
    HostlistText.fold(
      group.compactMap { one -> HostID? in
        if case .node(let node) = one.step.operation.impact { node } else { nil }
      })
  }

  /// Machines by what was seen of them last.
  var waitLines: [String] {
    var groups: [String: [Running]] = [:]
    for one in inFlight.values where one.wait != nil {
      guard case .node(let node) = one.step.operation.impact else { continue }
      groups[Self.stage(one, node), default: []].append(one)
    }
    return groups.map { "\(Self.names($1)): \($0)" }.sorted()
  }

  /// A node's last message, without its name.
  private static func stage(_ one: Running, _ node: HostID) -> String {
    guard let said = one.wait?.seen ?? one.said else { return "begins" }
    return said.replacingOccurrences(of: "\(node): ", with: "").replacingOccurrences(of: "\(node) ", with: "")
      .replacingOccurrences(of: " \(node)", with: "")
  }

  static func about(_ seconds: Double) -> String {
    switch seconds {
    case ..<10: "\(Int(seconds.rounded(.up))) s"
    case ..<90: "\(Int((seconds / 5).rounded(.up)) * 5) s"
    default: "\(Int((seconds / 60).rounded(.up))) min"
    }
  }

  private static func bar(share: Double, width: Int) -> String {
    let full = max(0, min(width - 2, Int(share * Double(width - 2))))
    return "[" + String(repeating: "#", count: full) + String(repeating: ".", count: width - 2 - full) + "]"
  }

  /// One line of the terminal: no control characters, which programs on hosts may have printed, and never wider.
  static func fit(_ text: String, _ width: Int) -> String {
    let plain = text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? " " : String($0) }.joined()
    return plain.count <= width ? plain : plain.prefix(width - 1) + "…"
  }
}

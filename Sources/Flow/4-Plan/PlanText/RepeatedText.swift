// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// What destroys, reboots or fails over, once more: last, where the eye rests before the question is answered.
struct RepeatedText {
  /// More than these are counted.
  private static let most = 8

  let text: PlanText
  let groups: [StepGroup]

  /// Begins with an empty line, or is empty.
  var lines: [String] {
    section("Destroys: what these take away does not come back", groups.filter(\.first.destructive))
      + section("Reboots", groups.filter { $0.first.disruption == .reboot && !$0.first.destructive })
      + section("Fails over", groups.filter { $0.first.disruption == .failover && !$0.first.destructive })
  }

  private func section(_ title: String, _ groups: [StepGroup]) -> [String] {
    if groups.isEmpty { return [] }
    let shown = text.full || groups.count <= Self.most + 1 ? groups.count : Self.most
    let mark = text.paint("!", .red)
    var lines = ["", text.paint(title, .red)]
    lines += groups.prefix(shown).map { "  \(mark) \(text.folded($0.hosts)): \(text.title($0))" }
    if shown < groups.count { lines.append("  \(mark) … and \(groups.count - shown) more") }
    return lines
  }
}

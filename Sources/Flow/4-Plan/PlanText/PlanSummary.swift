// SPDX-License-Identifier: Apache-2.0
import ClusterModel

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

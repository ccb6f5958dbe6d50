// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Brings a systemd unit to be enabled and to run as asked, with the configuration that is on the disk.
package struct EnsureUnit: GoalOperation {
  package static let name = "ensureUnit"

  package let goal: UnitGoal
  package init(_ goal: UnitGoal) { self.goal = goal }

  package var secrets: Set<SecretRef> { [] }
  package var machine: HostID? { nil }
  package func claims(on host: HostID) -> [Claim] {
    (goal.enabled == nil ? [] : [.unitEnablement(host, goal.name)])
      + (goal.active == nil ? [] : [.unitActivity(host, goal.name)])
  }
  package var lockout: Lockout { .ofUnit(goal.name) }
  package var impact: Impact { .unit(goal.name, returns: goal.active != false) }
  package var isRemoval: Bool { false }

  package var timing: OperationTiming {
    OperationTiming(expectedSeconds: expectedSeconds, varies: true, deadline: .seconds(240), lane: nil)
  }
  package var expectation: Expectation? { nil }

  package var target: String { goal.name }
  package func title(verb: String, machines: String) -> String { "\(unitVerb(verb)) \(goal.name)" }
  package var counting: CountingWords { CountingWords("start, stop or reload", "unit", "units") }
  package var undoing: String { "an older spec puts the old setting back, with the same interruption again." }

  /// Kinds name their steps by what happens to the unit; what else is in the goal has to be so already.
  private func unitVerb(_ verb: String) -> String {
    // One of several units of a resource has its name in its step's: `restart-nfs-server.service`.
    let word = String(verb.prefix { $0 != "-" })
    if ["start", "stop", "enable", "disable", "reload", "restart"].contains(word) { return word }
    return goal.active == false ? "stop" : "start"
  }

  /// Measured: Pacemaker waits for an election, which takes up to 20 s when its peer is away; daemons start at once.
  private var expectedSeconds: Double { goal.name == "pacemaker.service" ? 20 : 1 }
}

package struct UnitGoal: Hashable, Codable, Sendable {
  /// How a running unit takes up a changed configuration.
  package enum Reload: String, Hashable, Codable, Sendable { case reload, restart }

  package var name: String
  /// Whether it starts with the host; nil leaves it as it is, which is how units under Pacemaker are treated.
  package var enabled: Bool?
  package var active: Bool?
  /// Files and folders whose change the unit must take up.
  package var configuration: [String]
  package var reload: Reload

  package init(name: String, enabled: Bool?, active: Bool?, configuration: [String] = [], reload: Reload = .restart) {
    self.name = name
    self.enabled = enabled
    self.active = active
    self.configuration = configuration
    self.reload = reload
  }
}

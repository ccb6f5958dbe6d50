// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// The rules of a head in force: the unit that loads them.
///
/// It is brought about as any unit is. Beside that a plan says which programs nobody will reach any more: who switches
/// a firewall on does not know by heart what runs on a head.
package enum FirewallKind: ResourceKind {
  package static let name = "firewall"
  package static let removalRank = UnitKind.removalRank

  package struct Desired: DesiredState {
    package var unit: UnitKind.Desired
    /// The ports that somebody may reach.
    package var open: [FirewallNeed.Port]
  }

  package typealias Actual = UnitState

  package static func id(on host: HostID) -> ResourceID { ResourceID(name, on: host, "rules") }

  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    UnitKind.questions(id, desired.unit) + [Question(id.onlyHost, ListenersProbe())]
  }

  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    try UnitKind.interpret(id, desired.unit, answers)
  }

  package static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: Actual?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    let drafts = try UnitKind.steps(id, desired.unit, actual, context)
    if drafts.isEmpty { return [] }
    let listeners = try context.answers.answer(id.onlyHost, ListenersProbe()) ?? []
    let closed = closed(listeners, desired.open)
    return drafts.map { draft in
      var draft = draft
      draft.changes += closed
      return draft
    }
  }

  /// Ports open, and nobody misses anything.
  package static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: Actual, _ context: PlanContext
  ) -> [StepDraft] {
    UnitKind.removal(id, previous.unit, actual, context).map { draft in
      var draft = draft
      draft.disruption = .none
      return draft
    }
  }

  /// A line for each port where a program waits that no rule lets in.
  ///
  /// Programs that ask others wait for the answers at UDP ports that the kernel chooses, from 32768 on (ip(7),
  /// `ip_local_port_range`). Answers are let in.
  private static func closed(_ listeners: [Listener], _ open: [FirewallNeed.Port]) -> [String] {
    let closed = listeners.filter { listener in
      let isClient = listener.port.transport == .udp && listener.port.numbers.lowerBound >= 32_768
      return !isClient && !open.contains { $0.covers(listener.port) }
    }
    return Set(closed.map { "closed: \($0)" }).sorted()
  }
}

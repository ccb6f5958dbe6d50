// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// `cluster power on|off|cycle HOSTLIST`: machines switched through their BMCs by the active head.
///
/// - A machine that is at work goes down without notice, so each that is on counts as interrupted.
/// - The active head is not switched off: it gives the orders. A head in the cluster of the others is not either: they
///   would fence it, which switches it on again in the middle.
/// - A BMC that does not answer blocks its own machine, and no other.
package struct PowerErrand: Errand {
  package enum Action: String, Sendable, CaseIterable { case on, off, cycle }

  package static let name = "power"

  package let action: Action
  package let machines: [HostID]
  /// The name of its run: a machine is cycled once for it.
  package let token: String

  package init(_ action: Action, _ machines: [HostID], token: String) {
    self.action = action
    self.machines = machines
    self.token = token
  }

  package var words: String { "\(Self.name) \(action.rawValue) \(HostlistText.fold(machines))" }

  package func questions(_ sight: ErrandSight) -> [Question] {
    let powered = PowerSwitches.of(machines, in: sight.cluster).found
    let cycles = powered.flatMap { machine in
      sight.cluster.heads.map { Question($0.name, PowerCycleProbe(machine.bmc)) }
    }
    let heads = sight.cluster.heads.map { Question($0.name, CorosyncProbe()) }
    return powered.map { Question(sight.activeHead, PowerProbe($0.bmc)) } + (action == .cycle ? cycles : [])
      + (action != .on && powered.contains { !$0.machine.isNode } ? heads : [])
  }

  package func plan(_ sight: ErrandSight) throws(ErrandRefusal) -> ErrandPlan {
    let switches = PowerSwitches.of(machines, in: sight.cluster)
    if let refusal = switches.refusal { throw refusal }
    if action != .on { try refuseHeads(switches.found, sight) }
    var plan = ErrandPlan()
    for machine in switches.found { add(machine, sight, to: &plan) }
    if action == .off, !plan.steps.isEmpty {
      plan.notes.append(
        switches.found.contains { $0.machine.isNode }
          ? "`cluster apply` boots nodes that are in service: give those that are to stay off `state: out`."
          : "`cluster apply` switches heads on again that the description has.")
    }
    return plan
  }

  private func add(_ machine: PowerSwitches.Switch, _ sight: ErrandSight, to plan: inout ErrandPlan) {
    let resource = ResourceID(Self.name, machine.name.name)
    do throws(Unreadable) {
      guard let state = try sight.answers.answer(sight.activeHead, PowerProbe(machine.bmc)) else {
        throw .unasked(sight.activeHead)
      }
      guard let draft = draft(machine, state, sight) else { return }
      plan.steps.append((resource, draft))
    } catch { plan.blocked.append((resource, error)) }
  }

  /// The step for a machine. Nil: it is so already.
  private func draft(_ machine: PowerSwitches.Switch, _ state: PowerState, _ sight: ErrandSight) -> StepDraft? {
    let disruption: Step.Disruption = state == .on ? .reboot : .none
    func ensure(_ wanted: PowerState) -> StepDraft? {
      if state == wanted { return nil }
      return StepDraft(
        wanted.rawValue, on: sight.activeHead, EnsurePower(bmc: machine.bmc, state: wanted, of: machine.machine),
        disruption: disruption, because: "\(machine.name) is \(state.rawValue)", independent: true)
    }
    switch action {
    case .on: return ensure(.on)
    case .off: return ensure(.off)
    case .cycle:
      if isCycled(machine, sight) { return nil }
      return StepDraft(
        "cycle", on: sight.activeHead, EnsurePowerCycled(bmc: machine.bmc, of: machine.machine, token: token),
        disruption: disruption, because: "\(machine.name) is \(state.rawValue)", independent: true)
    }
  }

  /// Whether a head has noted the cycle of this run: it may not have been the one that is active now.
  private func isCycled(_ machine: PowerSwitches.Switch, _ sight: ErrandSight) -> Bool {
    sight.cluster.heads.contains { head in
      let token = try? sight.answers.answer(head.name, PowerCycleProbe(machine.bmc)) ?? nil
      return token == self.token
    }
  }

  private func refuseHeads(_ switches: [PowerSwitches.Switch], _ sight: ErrandSight) throws(ErrandRefusal) {
    for head in switches.filter({ !$0.machine.isNode }).map(\.name) {
      if head == sight.activeHead {
        let others = sight.cluster.heads.filter { $0.name != head }
        throw ErrandRefusal(
          "\(head) stays on", because: "it is the active head: it runs the services, and gives the orders to BMCs",
          next: others.isEmpty
            ? "It is the only head: log in to it, and shut it down there."
            : "Run `cluster ha switchover` first, then shut \(head) down in good order: `ssh \(head) poweroff`.")
      }
      let seen = HighAvailabilityMembership(of: head, sight)
      if let witness = seen.member {
        throw ErrandRefusal(
          "\(head) stays on",
          because:
            "\(witness) has it in its cluster, would take it for failed, and would fence it: that switches it on",
          next: "Shut it down in good order: `ssh \(head) poweroff` (or `reboot`). It leaves the cluster then.")
      }
      if let unknown = seen.unknown {
        throw ErrandRefusal(
          "\(head) stays on", because: "it is not known whether it is in the cluster: \(unknown)",
          next: "Look at `cluster status`: a head that answers has to say who is in the cluster.")
      }
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension FakeWorld {
  func power(_ bmc: BMC, _ secrets: Secrets) throws(AgentError) -> PowerState { try board(bmc, secrets).power }

  mutating func ensurePower(_ bmc: BMC, _ wanted: PowerState, _ secrets: Secrets) throws(AgentError) -> Outcome {
    let board = try board(bmc, secrets)
    if board.power == wanted { return Outcome(changed: false, detail: "power is \(wanted.rawValue) already") }
    guard board.fault != .lies else {
      throw AgentError(
        .bmcLies, "The BMC at \(bmc.address) accepts the command, but power stays \(board.power.rawValue)",
        next: "Check the machine; reset its BMC if the power light does not follow.")
    }
    boards[bmc.address]?.power = wanted
    nodes[board.machine]?.image = nil
    nodes[board.machine]?.server = nil
    nodes[board.machine]?.startedAt = nil
    starting.remove(board.machine)
    if wanted == .on {
      machines[board.machine]?.restart()
      start(board.machine)
    }
    settle()
    return Outcome(changed: true, detail: "power is \(wanted.rawValue)")
  }

  mutating func ensureFencingProven(
    _ goal: FencingGoal, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    let power = try board(goal.bmc, secrets).power
    machines[host]?.fencing[goal.head] = FencingRecord(head: goal.head, address: goal.bmc.address, provenAt: now)
    return Outcome(changed: true, detail: "the BMC of \(goal.head) answers: power is \(power.rawValue)")
  }

  private func board(_ bmc: BMC, _ secrets: Secrets) throws(AgentError) -> Board {
    guard let password = secrets[bmc.password] else { throw .missing(bmc.password) }
    guard let board = boards[bmc.address], board.fault != .unreachable else {
      throw AgentError(
        .bmcUnreachable, "The BMC at \(bmc.address) does not answer", next: "Check its cable and address in the spec.")
    }
    guard board.password == password else {
      throw AgentError(
        .bmcAuthentication, "The BMC at \(bmc.address) refuses user \(bmc.user)",
        next: "Correct \(bmc.password) in the secrets folder.")
    }
    return board
  }
}

extension PowerProbe: MemoryProbe {
  func answer(of asked: AskedMachine) throws(AgentError) -> PowerState { try asked.world.power(bmc, asked.secrets) }
}

extension FencingProbe: MemoryProbe {
  func answer(of asked: AskedMachine) -> FencingRecord? { asked.machine.fencing[head] }
}

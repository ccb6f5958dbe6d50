// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension FakeWorld {
  func power(_ bmc: BMC, _ secrets: Secrets) throws(AgentError) -> PowerState { try board(bmc, secrets).power }

  mutating func ensurePower(_ bmc: BMC, _ wanted: PowerState, _ secrets: Secrets) throws(AgentError) -> Outcome {
    let board = try board(bmc, secrets)
    if board.power == wanted { return Outcome(changed: false, detail: "power is \(wanted.rawValue) already") }
    try requirePrivilege(bmc, board)
    guard board.fault != .lies else {
      throw AgentError(
        .bmcLies, "The BMC at \(bmc.address) accepts the command, but power stays \(board.power.rawValue)",
        next: "Check the machine; reset its BMC if the power light does not follow.")
    }
    boards[bmc.key]?.power = wanted
    nodes[board.machine]?.image = nil
    nodes[board.machine]?.server = nil
    if nodes[board.machine]?.startedAt != nil { starting.removeAll { $0 == board.machine } }
    nodes[board.machine]?.startedAt = nil
    nodes[board.machine]?.upSince = nil
    if wanted == .on {
      machines[board.machine]?.restart()
      start(board.machine)
    }
    settle()
    return Outcome(changed: true, detail: "power is \(wanted.rawValue)")
  }

  /// As `cluster power` has it done: the head that does it notes it of a node.
  mutating func switchPower(
    _ bmc: BMC, _ wanted: PowerState, of machine: PoweredMachine, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    let outcome = try ensurePower(bmc, wanted, secrets)
    guard outcome.changed, let mac = machine.mac else { return outcome }
    notePower(of: mac, on: host, detail: wanted == .off ? NodeReport.off : nil)
    return outcome
  }

  mutating func ensurePowerCycled(
    _ goal: EnsurePowerCycled, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    if machines[host]?.powerCycles[goal.bmc.key] == goal.token {
      return Outcome(changed: false, detail: "\(goal.of.name) was switched off and on by run \(goal.token)")
    }
    _ = try switchPower(goal.bmc, .off, of: goal.of, on: host, secrets)
    _ = try switchPower(goal.bmc, .on, of: goal.of, on: host, secrets)
    machines[host]?.powerCycles[goal.bmc.key] = goal.token
    return Outcome(changed: true, detail: "switched \(goal.of.name) off and on")
  }

  /// The head goes, what ran there goes to the other one, and the head comes back.
  mutating func ensureFenceTested(
    _ goal: FenceTestGoal, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    if let test = machines[host]?.fenceTests[goal.head], test.token == goal.token {
      return Outcome(changed: false, detail: "\(goal.head) was fenced by run \(goal.token): \(test.words)")
    }
    _ = try ensurePower(goal.bmc, .off, secrets)
    _ = try ensurePower(goal.bmc, .on, secrets)
    let test = FenceTest(token: goal.token, testedAt: now, off: 1000, on: 2000, back: 60_000)
    machines[host]?.fenceTests[goal.head] = test
    return Outcome(changed: true, detail: "fenced \(goal.head): \(test.words)")
  }

  mutating func ensureFencingProven(
    _ goal: FencingGoal, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    if goal.level != nil {
      machines[host]?.fencing[goal.key] = FencingRecord(
        head: goal.head, address: goal.bmc.address, provenAt: now, device: goal.words, uuid: nil)
      return Outcome(changed: true, detail: "\(goal.words) answers")
    }
    let board = try board(goal.bmc, secrets)
    let isOwn = goal.from == goal.head
    guard (board.machine == host) == isOwn, !isOwn || board.machine == goal.head else {
      throw AgentError(
        .conflict, "The BMC at \(goal.bmc.address) is not that of \(goal.head)",
        cause: "it is that of \(board.machine)",
        next: "Correct heads.\(goal.head).bmc.address.")
    }
    if !isOwn { try requirePrivilege(goal.bmc, board) }
    let power = board.power
    machines[host]?.fencing[goal.key] = FencingRecord(
      head: goal.head, address: goal.bmc.address, provenAt: now, device: goal.words,
      uuid: isOwn ? "\(board.machine)" : nil)
    return Outcome(changed: true, detail: "the BMC of \(goal.head) answers: power is \(power.rawValue)")
  }

  private func requirePrivilege(_ bmc: BMC, _ board: Board) throws(AgentError) {
    guard board.fault == .onlyTells else { return }
    throw AgentError(
      .bmcPrivilege, "The BMC at \(bmc.address) does not let user \(bmc.user) switch its machine",
      next: "Give the account the privilege Operator.")
  }

  private func board(_ bmc: BMC, _ secrets: Secrets) throws(AgentError) -> Board {
    guard let password = secrets[bmc.password] else { throw .missing(bmc.password) }
    guard let board = boards[bmc.key], board.fault != .unreachable else {
      throw AgentError(
        .bmcUnreachable, "The BMC at \(bmc.address) does not answer", next: "Check its cable and address in the spec.")
    }
    let suites = bmc.agent == nil ? bmc.speaks.suites(of: bmc, noted: nil) : []
    guard suites.isEmpty || (board.fault != .refusesCipher && suites.contains(where: board.suites.contains)) else {
      throw AgentError(
        .bmcCipher, "The BMC at \(bmc.address) refuses cipher suite \(suites)",
        next: "Write `cipher:` below `bmc:` with a suite that it allows.")
    }
    guard board.password == password, board.fault != .refuses else {
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

extension PowerCycleProbe: MemoryProbe {
  func answer(of asked: AskedMachine) -> String? { asked.machine.powerCycles[key] }
}

extension FenceTestProbe: MemoryProbe {
  func answer(of asked: AskedMachine) -> FenceTest? { asked.machine.fenceTests[head] }
}

extension FencingProbe: MemoryProbe {
  func answer(of asked: AskedMachine) -> FencingRecord? { asked.machine.fencing[key] }
}

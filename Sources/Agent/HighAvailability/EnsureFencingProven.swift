// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import FoundationEssentials
import Glibc
import HostAccess
import Pacemaker
import Wings

extension EnsureFencingProven: AgentOperation {
  /// For another head: asks its BMC for its power with the fence agent and the parameters that Pacemaker will use, and
  /// records it. For this head: that the BMC at the described address is its own.
  ///
  /// - Throws: `.bmcUnreachable`, `.bmcAuthentication`, `.bmcCipher`, `.bmcPrivilege`, `.conflict` when it is another
  ///   machine's BMC, and `.notFound` when the fence agent is not installed.
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    if let level = goal.level { return try await prove(level, context) }
    context.progress("asking the BMC of \(goal.head) at \(goal.bmc.address)")
    let power = try PowerControl(goal.bmc, context.secrets)
    return goal.from == goal.head ? try await own(power) : try await other(power, context)
  }

  private func own(_ power: PowerControl) async throws(AgentError) -> Outcome {
    let uuid = try await power.requireOwn(goal.head)
    try power.remember()
    try record(uuid)
    let whose = uuid.map { "is its own: both tell the UUID \($0)" } ?? "answers; whose it is is not told"
    return Outcome(changed: true, detail: "the BMC of \(goal.head) at \(goal.bmc.address) \(whose)")
  }

  private func other(_ power: PowerControl, _ context: OperationContext) async throws(AgentError) -> Outcome {
    try await power.requireOther()
    if let own = goal.own { try await power.requireAnother(than: PowerControl(own, context.secrets)) }
    try await power.requireSwitching()
    try power.remember()
    let speech = try PowerControl.speech(of: goal.bmc)
    let device = goal.device
    let result = try await status(device.agent, device.parameters + [("verbose", "1")], within: .seconds(45))
    // Status 2 means: switched off. The BMC has answered and accepted the password, which is what is to be proven.
    guard result.status == 0 || result.status == 2, let state = FenceDevice.power(in: result.text) else {
      throw speech.failure(of: device, saying: result.errorText)
    }
    try record(nil)
    return Outcome(changed: true, detail: "the BMC of \(goal.head) at \(goal.bmc.address) answers: power is \(state)")
  }

  private func prove(_ level: FencingLevel, _ context: OperationContext) async throws(AgentError) -> Outcome {
    context.progress("asking \(level.agent.name) for the power of \(goal.head)")
    let result = try await status(level.path, level.parameters, within: .seconds(60))
    // Status 2 is also that of an agent that does not understand its parameters.
    guard result.status == 0 || result.status == 2, let state = FenceDevice.power(in: result.text) else {
      throw AgentError(
        .commandFailed, "\(level.agent.name) cannot tell the power of \(goal.head)", cause: result.lastLines,
        next:
          "Check the parameters and secrets in heads.\(goal.head).fencing: `man \(level.agent.name)`; then apply again."
      )
    }
    try record(nil)
    return Outcome(
      changed: true,
      detail: "\(level.agent.name) answers: power of \(goal.head) is \(state)")
  }

  /// Asks a fence agent for the power, as Pacemaker does: on standard input.
  private func status(
    _ agent: String, _ parameters: [(name: String, value: String)], within limit: Duration
  ) async throws(AgentError) -> CommandResult {
    let input = (parameters + [("action", "status")]).map { "\($0.name)=\($0.value)\n" }.joined()
    return try await Command.run(agent, [], input: Array(input.utf8), deadline: limit)
  }

  private func record(_ uuid: SystemUUID?) throws(AgentError) {
    try FencingRecords.write(
      goal.key,
      FencingRecord(
        head: goal.head, address: goal.bmc.address, provenAt: Int(time(nil)), device: goal.words,
        uuid: uuid?.description))
  }
}

/// When this head last proved that it can switch another one off: `/var/lib/cluster/fencing/HEAD.json`.
enum FencingRecords {
  private static let folder = "/var/lib/cluster/fencing"

  private static func path(_ key: String) -> String { "\(folder)/\(key).json" }

  /// The record of a proof. Nil when there is none. One that cannot be read is an error, and proving again replaces it.
  static func read(_ key: String) throws(AgentError) -> FencingRecord? {
    guard FileManager.default.fileExists(atPath: path(key)) else { return nil }
    do {
      return try JSONDecoder().decode(FencingRecord.self, from: Data(contentsOf: URL(filePath: path(key))))
    } catch {
      throw AgentError(
        .invalid, "\(path(key)) cannot be read", cause: "\(error)", next: "Remove \(path(key)), then apply again.")
    }
  }

  static func write(_ key: String, _ record: FencingRecord) throws(AgentError) {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys]
      try encoder.encode(record).write(to: URL(filePath: path(key)), options: .atomic)
    } catch {
      throw AgentError(
        .diskFull, "\(path(key)) cannot be written", cause: "\(error)", next: "Check `df \(folder)`.")
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

/// A machine's power switch, by a fence agent of Debian's. It reads all that it is told, secrets too, on standard
/// input, as from Pacemaker.
struct FenceAgentControl: MachinePower {
  private let bmc: BMC
  private let agent: String
  private let told: [String: String]

  init(_ bmc: BMC, agent: String, told: [String: String]) {
    self.bmc = bmc
    self.agent = agent
    self.told = told
  }

  func status() async throws(AgentError) -> PowerState {
    let result = try await run("status")
    // Status 2 means off, and also that the agent does not understand its parameters.
    switch (result.status, FenceDevice.power(in: result.text)) {
    case (0, "on"): return .on
    case (2, "off"): return .off
    default: throw failure(result)
    }
  }

  /// The agent itself waits until it is so.
  func order(_ state: PowerState) async throws(AgentError) {
    let result = try await run(state.rawValue)
    guard result.succeeded else { throw failure(result) }
  }

  func bootFromNetworkOnce(uefi: Bool) async throws(AgentError) {
    throw AgentError(
      .invalid, "\(agent) switches the power, and cannot say what a machine boots from",
      next: "Describe the machine's BMC, or have it boot over the network first by its own settings.")
  }

  func requireSwitching() async throws(AgentError) {}
  func remember() throws(AgentError) {}
  func systemUUID() async throws(AgentError) -> SystemUUID? { nil }

  private func run(_ action: String) async throws(AgentError) -> CommandResult {
    let words = told.merging(["action": action]) { $1 }.sorted { $0.key < $1.key }
    let input = words.map { "\($0.key)=\($0.value)\n" }.joined()
    return try await Command.run(agent, [], input: Array(input.utf8), deadline: .seconds(60), keeping: 1 << 16)
  }

  /// The statuses of fence agents: `/usr/share/fence/fencing.py`.
  private func failure(_ result: CommandResult) -> AgentError {
    let cause = result.lastLines
    switch result.status {
    case 3, 10:
      return AgentError(
        .bmcAuthentication, "The \(bmc.words) does not accept what it is told as secrets", cause: cause,
        next: "Correct \(bmc.secrets.map { "\($0)" }.joined(separator: " and ")), or the user in the spec.")
    case 4, 5:
      return AgentError(
        .bmcUnreachable, "The \(bmc.words) does not answer", cause: cause,
        next: "Check its cable and address, and the route from this head to its network.")
    case 11:
      return AgentError(
        .bmcPrivilege, "The \(bmc.words) does not let its user switch the machine", cause: cause,
        next: "Give the account the right to switch outlets there, or name another one in the spec.")
    default:
      return AgentError(
        .commandFailed, "The \(bmc.words) could not be asked", cause: cause,
        next: "Check the parameters below `power:` against `man \(agent)`.")
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

/// A BMC protocol as the agent speaks it. Each is in a folder beside this file.
protocol AgentPowerProtocol: PowerProtocol {
  static func control(of bmc: BMC, password: String) -> any MachinePower
}

/// The power switch of one machine.
protocol MachinePower: Sendable {
  func status() async throws(AgentError) -> PowerState
  /// Gives the order, and does not wait until it is so.
  func order(_ state: PowerState) async throws(AgentError)
  /// The next boot, and only that one, is over the network.
  func bootFromNetworkOnce() async throws(AgentError)
}

/// A machine's power, whatever its BMC speaks: orders are followed until the BMC says that it is so.
struct PowerControl {
  /// A machine that was told to switch does so within this time, or its BMC has lied.
  private static let patience = Duration.seconds(45)

  private let bmc: BMC
  private let machine: any MachinePower

  init(_ bmc: BMC, _ secrets: Secrets) throws(AgentError) {
    self.bmc = bmc
    guard let bytes = secrets[bmc.password] else {
      throw AgentError(
        .notFound, "There is no \(bmc.password) for the BMC at \(bmc.address)",
        next: "Put the password into the secrets folder as \(bmc.password.name).")
    }
    // Files end with a newline; passwords do not.
    let password = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).first.map(String.init)
    machine = try Self.speech(of: bmc).control(of: bmc, password: password ?? "")
  }

  /// The protocol of a BMC.
  static func speech(of bmc: BMC) throws(AgentError) -> any AgentPowerProtocol.Type {
    if let speech = PowerProtocols.named(bmc.protocol) as? any AgentPowerProtocol.Type { return speech }
    throw AgentError(
      .protocolMismatch, "The agent does not speak \(bmc.protocol.rawValue) with the BMC at \(bmc.address)",
      next: "Use the cluster and cluster-agent of one build.")
  }

  func status() async throws(AgentError) -> PowerState { try await machine.status() }
  func bootFromNetworkOnce() async throws(AgentError) { try await machine.bootFromNetworkOnce() }

  /// Switches, and waits until the BMC says that it is so.
  func set(_ state: PowerState) async throws(AgentError) {
    try await machine.order(state)
    let deadline = ContinuousClock.now + Self.patience
    while try await status() != state {
      guard ContinuousClock.now < deadline else {
        throw AgentError(
          .bmcLies,
          "The BMC at \(bmc.address) took the order to switch its machine \(state.rawValue), but reports the opposite "
            + "after \(Self.patience)",
          next: "Check the machine's power supply, and restart its BMC if need be.")
      }
      do { try await ContinuousClock().sleep(for: .milliseconds(500)) } catch {
        throw AgentError(
          .cancelled, "Stopped while waiting for the BMC at \(bmc.address)", next: "Run `cluster apply` again.")
      }
    }
  }

  /// Off and on again; from off, only on.
  func cycle() async throws(AgentError) {
    if try await status() == .on { try await set(.off) }
    try await set(.on)
  }
}

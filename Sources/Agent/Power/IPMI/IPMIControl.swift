// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension IPMI: AgentPowerProtocol {
  static func control(of bmc: BMC, password: String) -> any MachinePower { IPMIControl(bmc: bmc, password: password) }
}

/// A machine's power switch, by IPMI 2.0 over the network: ipmitool(1).
private struct IPMIControl: MachinePower {
  let bmc: BMC
  let password: String

  func status() async throws(AgentError) -> PowerState {
    let answer = try await ipmitool(["chassis", "power", "status"])
    if answer.contains("is on") { return .on }
    if answer.contains("is off") { return .off }
    throw AgentError(
      .bmcLies, "The BMC at \(bmc.address) does not say whether its machine is on", cause: answer,
      next: "Restart the BMC, or update its firmware.")
  }

  func order(_ state: PowerState) async throws(AgentError) {
    try await ipmitool(["chassis", "power", state.rawValue])
  }

  /// Without `efiboot` the flags ask for a legacy boot, which a machine in UEFI mode does not do, or does once too often.
  func bootFromNetworkOnce(uefi: Bool) async throws(AgentError) {
    try await ipmitool(["chassis", "bootdev", "pxe"] + (uefi ? ["options=efiboot"] : []))
    let answer: String
    do throws(AgentError) {
      answer = try await ipmitool(["raw", "0x00", "0x09", "0x05", "0x00", "0x00"])
    } catch  where error.code == .commandFailed {
      // It may take the order and not know the question.
      return
    }
    guard let flags = IPMIBootFlags(answer) else { return }
    if let wrong = flags.difference(uefi: uefi) {
      throw AgentError(
        .bmcLies, "The BMC at \(bmc.address) took the order to boot over the network, and \(wrong)", cause: answer,
        next: "Set the machine to boot over the network itself, say with `firmware:` how it starts, or update its BMC.")
    }
  }

  /// Get System GUID. A BMC may not know the command.
  func systemUUID() async throws(AgentError) -> SystemUUID? {
    do throws(AgentError) {
      return SystemUUID(try await ipmitool(["raw", "0x06", "0x37"]))
    } catch  where error.code == .commandFailed {
      return nil
    }
  }

  /// Cipher suite 3 is named, because without it ipmitool asks for all suites first, which takes ten seconds.
  @discardableResult
  private func ipmitool(_ command: [String]) async throws(AgentError) -> String {
    let result = try await Command.run(
      "ipmitool",
      ["-I", "lanplus", "-C", "3", "-N", "1", "-R", "3", "-H", "\(bmc.address)", "-U", bmc.user, "-E"] + command,
      environment: ["IPMI_PASSWORD": password], deadline: .seconds(30))
    if result.succeeded { return result.text }
    throw await failure(result)
  }

  /// ipmitool says the same of a wrong password and of a BMC that is not there, so a second, anonymous question tells.
  private func failure(_ result: CommandResult) async -> AgentError {
    let said = result.lastLines
    let denied = ["RAKP 2", "RAKP 4", "unauthorized name", "Invalid user name", "insufficient privilege", "HMAC"]
    if denied.contains(where: said.contains) { return wrongCredentials(said) }
    guard said.contains("Unable to establish") || said.contains("Get Session Challenge") else {
      return AgentError(
        .commandFailed, "The BMC at \(bmc.address) refused the order", cause: said,
        next: "Try it yourself: ipmitool -I lanplus -C 3 -H \(bmc.address) -U \(bmc.user) -a chassis power status")
    }
    return await isThere()
      ? wrongCredentials(said)
      : AgentError(
        .bmcUnreachable, "The BMC at \(bmc.address) does not answer", cause: said,
        next: "Check the BMC's cable and address, and the route from this head to its network.")
  }

  private func wrongCredentials(_ said: String) -> AgentError {
    AgentError(
      .bmcAuthentication, "The BMC at \(bmc.address) does not accept user \(bmc.user) with \(bmc.password)",
      cause: said,
      next: "Correct the secret \(bmc.password), or the user in the spec.")
  }

  /// Asks for an anonymous session of IPMI 1.5. A BMC that is there refuses it, or grants it; of one that is not there
  /// ipmitool says only that it could not establish anything.
  private func isThere() async -> Bool {
    let probe = try? await Command.run(
      "ipmitool",
      ["-I", "lan", "-N", "1", "-R", "2", "-H", "\(bmc.address)", "-U", "", "-P", "", "channel", "authcap", "1", "2"],
      deadline: .seconds(10))
    guard let probe else { return false }
    let signs = [
      "Activate Session", "Session Challenge", "Authentication type", "Invalid user", "NULL user", "Channel number",
    ]
    return probe.succeeded || signs.contains { (probe.text + probe.errorText).contains($0) }
  }
}

/// Get System Boot Options, parameter 5: the boot flags (IPMI 2.0, table 28-14).
struct IPMIBootFlags: Equatable {
  /// The device of the next boot: 1 is the network.
  var device: UInt8
  var isUEFI: Bool

  /// Reads what ipmitool(1) `raw` prints: ` 01 05 a0 04 00 00 00`. Nil: it is no answer to that question.
  init?(_ text: String) {
    let words = text.split(whereSeparator: \.isWhitespace)
    let bytes = words.compactMap { UInt8($0, radix: 16) }
    guard bytes.count == words.count, bytes.count >= 4, bytes[1] & 0x7f == 5 else { return nil }
    isUEFI = bytes[2] & 0x20 != 0
    device = bytes[3] >> 2 & 0x0f
  }

  /// What the flags say instead, as a clause. Nil: they are as they were ordered. The bit that says that they are valid
  /// is left aside: some BMCs clear it at once.
  func difference(uefi: Bool) -> String? {
    if device != 1 { return "shows device \(device) for the next boot" }
    if uefi, !isUEFI { return "shows a legacy boot for a machine that starts by UEFI" }
    return nil
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// IPMI 2.0 over LAN: ipmitool(1), and fence_ipmilan(8) for Pacemaker.
package enum IPMI: PowerProtocol {
  package static let name = "ipmi"
  package static let packages = ["ipmitool"]

  package static func fence(_ head: HostID, _ bmc: BMC) -> FenceDevice {
    FenceDevice(
      head: head, bmc: bmc, agent: "fence_ipmilan",
      parameters: [
        ("ip", bmc.address.description), ("username", bmc.user), ("lanplus", "1"),
        // Without a suite ipmitool first asks the BMC for all it has, which takes ten seconds.
        ("cipher", "3"), ("power_wait", "0"), ("ipmitool_path", fenceProgramPath(head)),
      ])
  }

  package static func fenceProgramPath(_ head: HostID) -> String { "/usr/lib/cluster/fence/\(head)" }

  package static func fenceProgram(_ duel: FencingDuel) -> String {
    func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "'\\''") + "'" }
    let own = duel.own
    let settings = [
      ("target", "\(duel.target.bmc.address)"), ("target_user", duel.target.bmc.user),
      ("target_password", duel.target.passwordFile), ("own", own.map { "\($0.bmc.address)" } ?? ""),
      ("own_user", own?.bmc.user ?? ""), ("own_password", own?.passwordFile ?? ""), ("order", "\(duel.order)"),
      ("cipher", "3"), ("service", duel.service.map { "\($0)" } ?? "none"), ("card", duel.card ?? "none"),
    ]
    return "#!/bin/sh\n# Written by cluster.\n" + settings.map { "\($0)=\(quoted($1))\n" }.joined()
      + String(decoding: PackageResources.fence, as: UTF8.self)
  }

  /// ipmitool says the same for a wrong user and a wrong password, at once; of a BMC that is not there nothing is
  /// heard, and the agent gives up after a while.
  package static func failure(of device: FenceDevice, saying text: String) -> AgentError {
    let (head, address) = (device.head, device.bmc.address)
    let said = text.split(whereSeparator: \.isNewline).map(String.init).filter { line in
      line.contains { !$0.isWhitespace }
        && !["DeprecationWarning", "import quote", "INFO:"].contains(where: line.contains)
    }
    let cause = said.suffix(4).joined(separator: "\n")
    func says(_ words: String...) -> Bool { said.contains { line in words.contains(where: line.contains) } }
    if says("Unable to read password", "does not exist") {
      return AgentError(
        .notFound, "The password of the BMC of \(head) is not on this head", cause: cause,
        next: "Run `cluster apply`, which writes it from the secret \(device.bmc.password.name).")
    }
    if says("timed out", "Unreachable", "unreachable") {
      return AgentError(
        .bmcUnreachable, "The BMC of \(head) at \(address) does not answer", cause: cause,
        next: "Check heads.\(head).bmc.address, the BMC's network and that IPMI over LAN is on; then apply again.")
    }
    if says("Unable to establish", "RAKP", "nauthorized") {
      return AgentError(
        .bmcAuthentication, "The BMC of \(head) at \(address) refuses user \(device.bmc.user)", cause: cause,
        next: "Check heads.\(head).bmc.user and the secret \(device.bmc.password.name); then apply again.")
    }
    return AgentError(
      .commandFailed, "The BMC of \(head) at \(address) could not be asked", cause: cause.isEmpty ? nil : cause,
      next: "Try `\(device.agent)` on the head yourself, then apply again.")
  }
}

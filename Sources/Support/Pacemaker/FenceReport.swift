// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The output of fence_ipmilan.
package struct FenceReport: Hashable, Sendable {
  private var lines: [String]

  package init(_ text: String) {
    lines = text.split(whereSeparator: \.isNewline).map(String.init).filter { $0.contains { !$0.isWhitespace } }
  }

  /// `on` or `off`, from `Status: ON`.
  package var power: String? {
    lines.first { $0.hasPrefix("Status: ") }.map { $0.dropFirst("Status: ".count).lowercased() }
  }

  /// Why the BMC could not be asked. ipmitool says the same for a wrong user and a wrong password, at once; of a BMC
  /// that is not there nothing is heard, and the agent gives up after a while.
  package func error(of device: FenceDevice) -> AgentError {
    let (head, address) = (device.head, device.bmc.address)
    let said = lines.filter {
      !$0.contains("DeprecationWarning") && !$0.contains("import quote") && !$0.contains("INFO:")
    }
    let cause = said.suffix(4).joined(separator: "\n")
    if said.contains(where: { $0.contains("Unable to read password") || $0.contains("does not exist") }) {
      return AgentError(
        .notFound, "The password of the BMC of \(head) is not on this head", cause: cause,
        next: "Run `cluster apply`, which writes it from the secret \(device.bmc.password.name).")
    }
    if said.contains(where: { $0.contains("timed out") || $0.contains("Unreachable") || $0.contains("unreachable") }) {
      return AgentError(
        .bmcUnreachable, "The BMC of \(head) at \(address) does not answer", cause: cause,
        next: "Check heads.\(head).bmc.address, the BMC's network and that IPMI over LAN is on; then apply again.")
    }
    if said.contains(where: { $0.contains("Unable to establish") || $0.contains("RAKP") || $0.contains("nauthorized") })
    {
      return AgentError(
        .bmcAuthentication, "The BMC of \(head) at \(address) refuses user \(device.bmc.user)", cause: cause,
        next: "Check heads.\(head).bmc.user and the secret \(device.bmc.password.name); then apply again.")
    }
    return AgentError(
      .commandFailed, "The BMC of \(head) at \(address) could not be asked", cause: cause.isEmpty ? nil : cause,
      next: "Try `fence_ipmilan` on the head yourself, then apply again.")
  }
}

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
        ("cipher", "3"), ("power_wait", "0"), ("ipmitool_path", programPath(head)),
      ])
  }

  private static func programPath(_ head: HostID) -> String { "/usr/lib/cluster/fence/\(head)" }

  /// A program in ipmitool's place. fence_ipmilan puts the password on ipmitool's command line, where every user sees
  /// it; this one drops that and has ipmitool read it from a file that only root can.
  package static func fenceProgram(_ head: HostID, passwordFile: String) -> (path: String, text: String) {
    let text = """
      #!/bin/sh
      # ipmitool for fence_ipmilan, with the password from a file instead of the command line.
      left=$#
      while [ "$left" -gt 0 ]; do
        case $1 in
          -P)
            shift 2
            left=$((left - 2))
            ;;
          *)
            set -- "$@" "$1"
            shift
            left=$((left - 1))
            ;;
        esac
      done
      exec /usr/bin/ipmitool -f '\(passwordFile)' "$@"

      """
    return (programPath(head), text)
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

// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Redfish (DMTF DSP0266) over HTTPS: curl(1), and fence_redfish(8) for Pacemaker.
///
/// BMCs have certificates that they signed themselves, so nobody's signature is checked: who sits between a head and a
/// BMC can read the password. The network of BMCs has to be one that only heads are on.
package enum Redfish: PowerProtocol {
  package static let name = "redfish"
  /// curl is on every head, and fence agents where high availability fences.
  package static let packages: [String] = []
  package static let keys: Set<String> = ["system"]
  package static let port = 443

  package static let suites: [Int] = []
  package static func suites(of bmc: BMC, noted: Int?) -> [Int] { [] }

  package static func path(of system: String) -> String { "/redfish/v1/Systems/\(system)" }

  package static func fence(_ head: HostID, _ bmc: BMC) -> FenceDevice {
    FenceDevice(
      head: head, bmc: bmc, agent: type(head),
      parameters: [("ip", bmc.address.description)] + (bmc.port.map { [("ipport", "\($0)")] } ?? [])
        + (bmc.system.map { [("systems_uri", path(of: $0))] } ?? []) + [
          ("username", bmc.user), ("ssl_insecure", "1"), ("power_wait", "0"),
        ])
  }

  /// Pacemaker finds agents as `/usr/sbin/fence_*`, and ours stands before fence_redfish.
  private static func type(_ head: HostID) -> String { "fence_cluster_\(head)" }
  package static func fenceProgramPath(_ head: HostID) -> String { "/usr/sbin/\(type(head))" }

  package static func fenceProgram(_ duel: FencingDuel) -> String {
    duel.program(
      [("target_password", duel.target.passwordFile)], [PackageResources.duel, PackageResources.fence_redfish])
  }

  /// It takes the password on standard input, and so needs no program in a tool's place.
  package static let fenceAgents: [String] = []
  package static func fenceTool(_ agent: FenceAgent, passwordFile: (SecretRef) -> String) -> String? { nil }

  package static func failure(of device: FenceDevice, saying text: String) -> AgentError {
    let (head, address) = (device.head, device.bmc.address)
    let said = text.split(whereSeparator: \.isNewline).map(String.init).filter { line in
      line.contains { !$0.isWhitespace } && !line.contains("Warning")
    }
    let cause = said.suffix(4).joined(separator: "\n")
    func says(_ words: String...) -> Bool { said.contains { line in words.contains(where: line.contains) } }
    if says("No such file or directory") {
      return AgentError(
        .notFound, "The password of the BMC of \(head) is not on this head", cause: cause,
        next: "Run `cluster apply`, which writes it from the secret \(device.bmc.password.name).")
    }
    if says("timed out", "refused", "No route", "unreachable") {
      return AgentError(
        .bmcUnreachable, "The BMC of \(head) at \(address) does not answer", cause: cause,
        next: "Check heads.\(head).bmc.address, the BMC's network and that Redfish is on; then apply again.")
    }
    return AgentError(
      .commandFailed, "The BMC of \(head) at \(address) could not be asked", cause: cause.isEmpty ? nil : cause,
      next: "Try `fence_redfish` on the head yourself, then apply again.")
  }
}

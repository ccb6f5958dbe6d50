// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// IPMI 2.0 over LAN: ipmitool(1), and fence_ipmilan(8) for Pacemaker.
package enum IPMI: PowerProtocol {
  package static let name = "ipmi"
  package static let packages = ["ipmitool"]
  package static let keys: Set<String> = ["cipher", "target"]

  /// The port of RMCP (ASF 2.0, 3.2.3).
  package static let port = 623
  /// Cipher suites of IPMI 2.0 (table 22-20) that authenticate and protect each message. Those without protection let
  /// anybody on the wire give orders; those by MD5 ipmitool does not have.
  package static let suites = [17, 16, 3, 2]

  /// The suites to try, in this order. One that the description names is the only one.
  package static func suites(of bmc: BMC, noted: Int?) -> [Int] {
    if let suite = bmc.cipher { return [suite] }
    return noted == 3 ? [3, 17] : [17, 3]
  }

  /// ipmitool's words for a BMC that does not take the suite, before any password is looked at.
  package static let suiteRefused = "open session response message"

  /// Where a head notes the suite that a BMC takes.
  package static func notePath(_ address: IPv4Address) -> String { "/var/lib/cluster/power/\(address).cipher" }

  /// The cipher suite is not among the parameters: the program in ipmitool's place knows which one the BMC takes.
  package static func fence(_ head: HostID, _ bmc: BMC) -> FenceDevice {
    FenceDevice(
      head: head, bmc: bmc, agent: "fence_ipmilan",
      parameters: [("ip", bmc.address.description)] + (bmc.port.map { [("ipport", "\($0)")] } ?? [])
        + (bmc.target.map { [("target", hexadecimal($0))] } ?? []) + [
          // Operator is what switching needs. Many sites give no more.
          ("username", bmc.user), ("privlvl", "operator"), ("lanplus", "1"), ("power_wait", "0"),
          ("ipmitool_path", fenceProgramPath(head)),
        ])
  }

  /// `0x72`, as ipmitool(1) reads it.
  package static func hexadecimal(_ target: Int) -> String { "0x" + String(target, radix: 16) }

  package static func fenceProgramPath(_ head: HostID) -> String { "/usr/lib/cluster/fence/\(head)" }

  package static func fenceProgram(_ duel: FencingDuel) -> String {
    func machine(_ name: String, _ side: FencingDuel.Side?) -> [(String, String)] {
      guard let side else { return [(name, "")] }
      let bmc = side.bmc
      return [
        (name, "\(bmc.address)"), ("\(name)_port", "\(bmc.port ?? port)"), ("\(name)_user", bmc.user),
        ("\(name)_password", side.passwordFile), ("\(name)_cipher", bmc.cipher.map { "\($0)" } ?? ""),
        ("\(name)_note", notePath(bmc.address)), ("\(name)_bus", bmc.target.map(hexadecimal) ?? ""),
      ]
    }
    return duel.program(
      machine("target", duel.target) + machine("own", duel.own), [PackageResources.duel, PackageResources.fence])
  }

  /// The same program by its names for makers of BMCs: fence_ipmilan(8).
  package static let fenceAgents = [
    "fence_ipmilan", "fence_ipmilanplus", "fence_idrac", "fence_ilo3", "fence_ilo4", "fence_ilo5", "fence_imm",
  ]

  package static func fenceTool(_ agent: FenceAgent, passwordFile: (SecretRef) -> String) -> String? {
    guard let secret = agent.secrets["password"], let address = agent.parameters["ip"].flatMap({ IPv4Address($0) })
    else {
      return nil
    }
    let bmc = BMC(
      address: address, protocol: .ipmi, user: agent.parameters["username"] ?? "", password: secret,
      cipher: agent.parameters["cipher"].flatMap { Int($0) }, port: agent.parameters["ipport"].flatMap { Int($0) },
      target: agent.parameters["target"].flatMap { Int($0.dropFirst($0.hasPrefix("0x") ? 2 : 0), radix: 16) })
    return fenceProgram(FencingDuel(target: .init(bmc: bmc, passwordFile: passwordFile(secret)), own: nil, order: 0))
  }

  /// ipmitool says the same for a wrong user and a wrong password, at once; of a BMC that is not there nothing is
  /// heard, and the agent gives up after a while.
  package static func failure(of device: FenceDevice, saying text: String) -> AgentError {
    let (head, address) = (device.head, device.bmc.address)
    let said = text.split(whereSeparator: \.isNewline).map(String.init).filter { line in
      line.contains { !$0.isWhitespace }
        && !["DeprecationWarning", "import quote", "INFO:", "Get HPM.x"].contains(where: line.contains)
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
    if says(suiteRefused) {
      return AgentError(
        .bmcCipher, "The BMC of \(head) at \(address) refuses the cipher suite", cause: cause,
        next: "Write heads.\(head).bmc.cipher with a suite that it allows, or allow suite 17 there; then apply again.")
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

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// A machine's BMC: `ipmi_sim` on the BMC's address, speaking IPMI 2.0 over LAN, whose chassis is the machine.
struct BoardController {
  var site: LabSite
  var machine: LabMachine
  var bmc: BMC

  private var folder: String { "\(site.directory(of: machine))/bmc" }
  var daemon: LabDaemon { LabDaemon(site: site, name: "bmc-\(machine.name)") }

  /// Starts it, or starts it again when its address or account has changed.
  func start() async throws(AgentError) {
    guard let password = Files.text("\(site.secretsDirectory)/\(bmc.password.name)") else {
      throw AgentError(
        .notFound, "The lab has no \(bmc.password)", next: "Take the lab down with `cluster lab down`, then up again.")
    }
    let wanted = configuration(password: password)
    if daemon.isAlive {
      guard Files.text("\(folder)/lan.conf") != wanted else { return }
      try await daemon.stop()
    }
    try Files.makeDirectory("\(folder)/state")
    try Files.write(wanted, to: "\(folder)/lan.conf", mode: 0o600)
    try Files.write(Self.commands, to: "\(folder)/sim.emu")
    try daemon.start(
      site.inside([
        "ipmi_sim", "-c", "\(folder)/lan.conf", "-f", "\(folder)/sim.emu", "-s", "\(folder)/state", "-n",
      ]))
  }

  /// ipmi_lan(5). `chassis_control` is not in the manual: the program is called with `get PARM…` or `set PARM VALUE…`.
  private func configuration(password: String) -> String {
    let levels = ["callback", "user", "operator", "admin"].map { "    allowed_auths_\($0) none md2 md5 straight" }
    let guid = SHA256.hex("\(site.id)/\(machine.name)").prefix(32)
    return """
      name "\(machine.name)"
      set_working_mc 0x20
        startlan 1
          addr \(bmc.address) 623
          priv_limit admin
      \(levels.joined(separator: "\n"))
          guid \(guid)
        endlan
        chassis_control "\(site.program) lab _chassis \(site.stateDirectory) \(machine.name)"
        user 1 false "" "test" user 10 none md2 md5 straight
        user 2 true "\(bmc.user)" "\(password)" admin 10 none md2 md5 straight

      """
  }

  /// sim_cmd(5).
  private static let commands = """
    mc_setbmc 0x20
    mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
    sel_enable 0x20 1000 0x0a
    mc_enable 0x20

    """
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

/// A machine's BMC: `ipmi_sim` on the BMC's address, speaking IPMI 2.0 over LAN, whose chassis is the machine; or an
/// emulator of Redfish.
struct BoardController {
  var site: LabSite
  var machine: LabMachine
  var bmc: BMC
  /// Not the machine's BMC, but the outlet that its cord is in.
  var isOutlet = false

  private var part: String { isOutlet ? "outlet" : "bmc" }
  private var folder: String { "\(site.directory(of: machine))/\(part)" }
  var daemon: LabDaemon { LabDaemon(site: site, name: "\(part)-\(machine.name)") }

  /// Starts it, or starts it again when its address, account or traits have changed.
  func start() async throws(AgentError) {
    guard let password = LabFiles.text("\(site.secretsDirectory)/\(bmc.password.name)") else {
      throw AgentError(
        .notFound, "The lab has no \(bmc.password)", next: "Take the lab down with `cluster lab down`, then up again.")
    }
    let wanted =
      try redfish.map { (emulator) throws(AgentError) in try emulator.settings(password: password) }
      ?? configuration(password: password)
    let file = redfish?.settingsFile ?? "\(folder)/lan.conf"
    if daemon.isAlive {
      guard LabFiles.text(file) != wanted else { return }
      try await stop()
    }
    try LabFiles.makeDirectory("\(folder)/state")
    try LabFiles.write(wanted, to: file, mode: 0o600)
    if let redfish { return try daemon.start(site.inside(try await redfish.prepare())) }
    try LabFiles.write(Self.commands, to: "\(folder)/sim.emu")
    try daemon.start(
      site.inside([
        "ipmi_sim", "-c", "\(folder)/lan.conf", "-f", "\(folder)/sim.emu", "-s", "\(folder)/state", "-n",
      ]))
  }

  private var redfish: RedfishEmulator? {
    guard RedfishEmulator.isSpoken(by: bmc) else { return nil }
    return RedfishEmulator(site: site, bmc: bmc, folder: folder, switched: switched, chassis: chassis)
  }

  /// Takes its power. It does not end when it is asked to. The machine's own state is another matter.
  func stop() async throws(AgentError) { try await daemon.stop(SIGKILL) }

  private var traits: BoardTraits { isOutlet ? BoardTraits() : site.traits(of: machine) }
  /// The machine whose chassis it is.
  private var switched: HostID { traits.chassisOf ?? machine.name }
  private var rules: [String] {
    (traits.offAfter > 0 ? ["--off-after", "\(traits.offAfter)"] : []) + (traits.readOnly ? ["--read-only"] : [])
      + (traits.lies ? ["--lies"] : []) + (isOutlet ? ["--outlet"] : [])
  }
  private var chassis: [String] {
    [site.program, "lab", "_chassis"] + rules + [site.stateDirectory, switched.name]
  }

  /// ipmi_lan(5). `chassis_control` is not in the manual: the program is called with `get PARM…` or `set PARM VALUE…`.
  private func configuration(password: String) -> String {
    let levels = ["callback", "user", "operator", "admin"].map { "    allowed_auths_\($0) none md2 md5 straight" }
    return """
      name "\(machine.name)"
      set_working_mc 0x20
        startlan 1
          addr \(bmc.address) \(bmc.port ?? 623)
          priv_limit admin
      \(levels.joined(separator: "\n"))
          guid \(site.systemUUID(of: isOutlet ? HostID("outlet/\(machine.name)") : switched))
        endlan
        chassis_control "\(chassis.joined(separator: " "))"
        user 1 false "" "test" user 10 none md2 md5 straight
        user 2 true "\(bmc.user)" "\(password)" \(traits.readOnly ? "user" : "admin") 10 none md2 md5 straight

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

/// The requests of `ipmi_sim` to `chassis_control`: `get power boot`, `set power 0`, `set reset 1`, `set boot pxe` …
package struct ChassisControl {
  var power: PowerSwitch
  var traits: BoardTraits
  var isOutlet: Bool

  package init(_ power: PowerSwitch, _ traits: BoardTraits = BoardTraits(), isOutlet: Bool = false) {
    self.power = power
    self.traits = traits
    self.isOutlet = isOutlet
  }

  /// The lines to print.
  package func answer(_ arguments: [String]) async throws(AgentError) -> [String] {
    guard let verb = arguments.first else { throw Self.unknown(arguments) }
    var rest = Array(arguments.dropFirst())
    var lines: [String] = []
    while !rest.isEmpty {
      let parameter = rest.removeFirst()
      switch verb {
      case "get": lines.append("\(parameter):\(try get(parameter))")
      case "set" where !rest.isEmpty: try await set(parameter, rest.removeFirst())
      default: throw Self.unknown(arguments)
      }
    }
    return lines
  }

  private func get(_ parameter: String) throws(AgentError) -> String {
    switch parameter {
    case "power": (isOutlet ? power.hasOutlet : power.isOn) ? "1" : "0"
    case "boot": power.bootDevice.rawValue
    default: throw Self.unknown(["get", parameter])
    }
  }

  private func set(_ parameter: String, _ value: String) async throws(AgentError) {
    if traits.lies { return }
    if isOutlet {
      guard parameter == "power" else { throw Self.unknown(["set", parameter, value]) }
      return try await power.setOutlet(value == "1")
    }
    if traits.readOnly {
      throw AgentError(.permission, "This BMC only tells the power", next: "Give it other traits: `cluster lab bmc`.")
    }
    switch (parameter, value) {
    case ("power", "0") where traits.offAfter > 0 && power.isOn, ("reset", _) where traits.offAfter > 0 && power.isOn:
      try later(parameter, value)
    case ("power", "0"): try await power.perform(.off)
    case ("power", "1"): try await power.perform(.on)
    case ("reset", _): try await power.perform(.cycle)
    case ("shutdown", _): try await power.perform(.shutdown)
    case ("boot", let name):
      guard let device = PowerSwitch.BootDevice(rawValue: name) else { throw Self.unknown(["set", "boot", name]) }
      try power.setBootDevice(device)
    default: throw Self.unknown(["set", parameter, value])
    }
  }

  /// Takes the order, and has another process carry it out: a BMC answers at once, and goes on answering.
  private func later(_ parameter: String, _ value: String) throws(AgentError) {
    let site = power.site
    let argv = site.enter(
      site.daemonsGroup,
      [
        site.program, "lab", "_chassis", "--wait", "\(traits.offAfter)", site.stateDirectory, power.machine.name.name,
        "set", parameter, value,
      ])
    _ = try Daemon.start(argv, log: site.console(of: power.machine))
  }

  private static func unknown(_ arguments: [String]) -> AgentError {
    AgentError(
      .invalid, "The lab's chassis does not know: \(arguments.joined(separator: " "))", next: "Use a supported setting."
    )
  }
}

extension LabSite {
  /// The UUID that a machine's firmware and its BMC both tell, so that one can see whose BMC it is: 32 hexadecimal
  /// digits.
  func systemUUID(of name: HostID) -> String { String(SHA256.hex("\(id)/\(name)").prefix(32)) }
}

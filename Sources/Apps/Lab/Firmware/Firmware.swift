// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

/// The program that runs in a powered machine before, and instead of, a system: boot order, disk, network boot.
///
/// It is PID 1 of the machine's PID namespace and has its mount and network namespaces to itself. Its output is the
/// machine's console. Power-off kills it, and with it everything below.
package struct Firmware {
  enum Attempt {
    case ended(Container.End)
    /// There is nothing to boot there; the next device's turn.
    case nothing(String)
    /// The machine stays as it is until someone switches it off.
    case stuck(String)
  }

  var site: LabSite
  var machine: LabMachine
  private let booted = ContinuousClock.now

  package init(_ machine: LabMachine, of site: LabSite) {
    self.site = site
    self.machine = machine
  }

  /// Returns when the machine has switched itself off.
  package func run() async throws(AgentError) {
    say("power on")
    try await prepareNamespace()
    if machine.hardware == .vm { return try await emulate() }
    while true {
      try await plug()
      let order = try bootOrder()
      var reasons: [String] = []
      attempts: for source in order {
        switch try await boot(source) {
        case .ended(.rebooted):
          say("reboot")
          reasons = []
          break attempts
        case .ended(.poweredOff):
          say("power off")
          return try report(.off)
        case .ended(.died(let status)):
          return try await hang("the system died with status \(status)", source)
        case .stuck(let why): return try await hang(why, source)
        case .nothing(let why):
          say("\(source): \(why)")
          reasons.append("\(source): \(why)")
        }
      }
      guard !reasons.isEmpty else { continue }
      try report(.noBootDevice, detail: reasons.joined(separator: "; "))
      say("no boot device; trying again")
      try await Poll.pause(.seconds(2))
    }
  }

  private func emulate() async throws(AgentError) {
    let emulated = VirtualMachine(firmware: self)
    try await DebianDisk(firmware: self).prepare()
    while true {
      try await emulated.plug()
      switch try emulated.run(order: try bootOrder()) {
      case .rebooted: say("reboot")
      case .poweredOff:
        say("power off")
        return try report(.off)
      case .died(let status): try await hang("QEMU ended with status \(status)", .network)
      }
    }
  }

  private func boot(_ source: MachineStatus.Source) async throws(AgentError) -> Attempt {
    switch source {
    case .disk: try await DiskBoot(firmware: self).run()
    case .network: try await NetworkBoot(firmware: self).run()
    }
  }

  /// A boot device that the BMC has set counts once. Otherwise the disk of a head comes before the network; a node asks
  /// the heads first.
  private func bootOrder() throws(AgentError) -> [MachineStatus.Source] {
    let power = PowerSwitch(machine, of: site)
    let device = power.bootDevice
    try power.setBootDevice(.none)
    switch device {
    case .pxe: return [.network]
    case .disk: return [.disk, .network]
    case .none: return machine.role == .node ? [.network, .disk] : [.disk, .network]
    }
  }

  // MARK: The machine's surroundings

  var folder: String { site.directory(of: machine) }
  var root: String { "\(folder)/root" }

  private func prepareNamespace() async throws(AgentError) {
    let next = "Switch the machine off and on again."
    // nspawn asks udev about NICs unless /sys is read-only, and there is no udev for them.
    try await Command.checked("mount", ["-o", "remount,bind,ro", "/sys"], next: next)
    // Its locks and sockets end with the machine.
    try LabFiles.makeDirectory("/run/systemd/nspawn")
    try await Command.checked("mount", ["-t", "tmpfs", "tmpfs", "/run/systemd/nspawn"], next: next)
    try LabFiles.makeDirectory(root)
  }

  /// Fresh cards for every start: nothing that the last system configured is left on them.
  private func plug() async throws(AgentError) {
    let namespace = site.namespace(of: machine)
    try await site.ip(machine.ports.map { "link del \($0.peer)" }, force: true)
    var batch: [String] = []
    for port in machine.ports {
      guard let bridge = site.network(port.network)?.bridge else { continue }
      batch += [
        "link add \(port.peer) type veth peer name \(port.nic) address \(port.mac) netns \(namespace)",
        "link set \(port.peer) alias \(machine.name)/\(port.nic) master \(bridge)",
      ]
      if !site.isCut(port) { batch.append("link set \(port.peer) up") }
    }
    try await site.ip(batch)
  }

  private func hang(_ why: String, _ source: MachineStatus.Source) async throws(AgentError) {
    say(why)
    try report(.hung, source: source, detail: why)
    // Power stays on until the switch is worked, which kills this process.
    while true { try await Poll.pause(.seconds(3600)) }
  }

  func report(
    _ phase: MachineStatus.Phase, source: MachineStatus.Source? = nil, detail: String? = nil
  ) throws(AgentError) {
    try LabFiles.writeJSON(MachineStatus(phase, source: source, detail: detail), to: site.statusFile(of: machine))
  }

  /// One line on the machine's console.
  func say(_ text: String) {
    let seconds = (ContinuousClock.now - booted).formatted(
      .units(allowed: [.seconds], fractionalPart: .show(length: 2)))
    FileHandle.standardOutput.write(Data("firmware [\(seconds)] \(text)\r\n".utf8))
  }
}

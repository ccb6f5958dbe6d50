// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

/// A machine's power switch and boot device, as its BMC works them.
///
/// A powered machine is one process tree in PID, mount and network namespaces of its own: killing it takes its mounts
/// with it, and nothing of the machine answers the network any more when `off` returns.
package struct PowerSwitch: Sendable {
  package enum Action: String, CaseIterable, Sendable {
    case on, off, cycle
    /// The power button: the system is asked to shut down.
    case shutdown
    /// The mains go: the machine and its BMC are dead at once.
    case mainsOff = "mains-off"
    /// The mains are back: the BMC answers again, and the machine stays off.
    case mainsOn = "mains-on"
  }

  package enum BootDevice: String, Codable, Sendable { case pxe, disk = "default", none }

  var site: LabSite
  var machine: LabMachine

  package init(_ machine: LabMachine, of site: LabSite) {
    self.site = site
    self.machine = machine
  }

  private var folder: String { site.directory(of: machine) }
  private var record: String { "\(folder)/power.json" }
  private var lock: String { "\(folder)/power.lock" }
  private var bootFile: String { "\(folder)/boot-device" }
  private var group: ControlGroup { ControlGroup(site.controlGroup(of: machine)) }

  package var isOn: Bool { LabFiles.readJSON(LabProcess.self, from: record)?.isAlive ?? false }

  package func perform(_ action: Action) async throws(AgentError) {
    switch action {
    case .shutdown: try pressButton()
    case .on: try await LabLock.hold(lock) { () throws(AgentError) in try await switchOn() }
    case .off: try await LabLock.hold(lock) { () throws(AgentError) in try await switchOff() }
    case .cycle:
      try await LabLock.hold(lock) { () throws(AgentError) in
        try await switchOff()
        try await switchOn()
      }
    case .mainsOff:
      try await LabLock.hold(lock) { () throws(AgentError) in
        try LabFiles.write("", to: mainsFile)
        try await board?.stop()
        try await switchOff()
      }
    case .mainsOn:
      try LabFiles.remove(mainsFile)
      if !isWithoutMains { try await board?.start() }
    }
  }

  /// Switches the outlet that its cord is in. A machine that gets its mains from there starts.
  func setOutlet(_ on: Bool) async throws(AgentError) {
    try await LabLock.hold(lock) { () throws(AgentError) in
      if on {
        try LabFiles.remove(outletFile)
        guard !isWithoutMains else { return }
        try await board?.start()
        try await switchOn()
      } else {
        try LabFiles.write("", to: outletFile)
        try await board?.stop()
        try await switchOff()
      }
    }
  }

  /// No power comes to it: its cord is out, or its outlet is off.
  var isWithoutMains: Bool { LabFiles.exists(mainsFile) || !hasOutlet }
  var hasOutlet: Bool { !LabFiles.exists(outletFile) }
  private var mainsFile: String { "\(folder)/mains-off" }
  private var outletFile: String { "\(folder)/outlet-off" }
  private var board: BoardController? {
    machine.bmc.map { BoardController(site: site, machine: machine, bmc: $0) }
  }

  private func switchOn() async throws(AgentError) {
    guard !isOn else { return }
    guard !isWithoutMains else {
      throw AgentError(
        .conflict, "\(machine.name) has no mains", next: "Give it power: `cluster lab power \(machine.name) mains-on`.")
    }
    // What a machine that died by itself left over.
    try await clear()
    let namespace = site.namespace(of: machine)
    try await Command.checked(
      "ip", ["netns", "add", namespace], next: "Run `ip netns del \(namespace)`, then switch it on again.")
    try group.create()
    let argv = site.enter(
      site.controlGroup(of: machine),
      [
        "nsenter", "--net=/run/netns/\(namespace)", "unshare", "--mount", "--propagation", "slave", "--pid", "--fork",
        "--mount-proc", "--kill-child=SIGKILL", "--", site.program, "lab", "_machine", site.stateDirectory,
        machine.name.name,
      ])
    try LabFiles.writeJSON(MachineStatus(.firmware), to: site.statusFile(of: machine))
    try LabFiles.writeJSON(try Daemon.start(argv, log: site.console(of: machine)), to: record)
  }

  private func switchOff() async throws(AgentError) {
    try await clear()
    try LabFiles.remove(record)
    try LabFiles.writeJSON(MachineStatus(.off), to: site.statusFile(of: machine))
  }

  /// Unplugs the machine, ends every process of it, and releases its disk.
  ///
  /// In this order, as when power goes: a system whose links are up while its processes die says goodbye to all its
  /// peers, by FIN and RST.
  func clear() async throws(AgentError) {
    if LabFiles.exists(site.namespacePath) {
      try await site.ip(machine.ports.map { "link set \($0.peer) down" }, force: true)
    }
    if let process = LabFiles.readJSON(LabProcess.self, from: record), process.isAlive { kill(process.pid, SIGKILL) }
    try await group.killAll()
    if LabFiles.exists(site.namespacePath) {
      try await site.ip(machine.ports.map { "link del \($0.peer)" }, force: true)
    }
    try await site.removeNamespace(site.namespace(of: machine))
    guard machine.disk == .empty else { return }
    for disk in site.disks(of: machine) { try await LoopDevices.detach(backing: disk.file) }
  }

  /// Signals PID 1 of the machine's system, as logind does for the power button: SIGRTMIN+4 is poweroff.target
  /// (systemd(1)). A virtual machine has a button of its own.
  private func pressButton() throws(AgentError) {
    if machine.hardware == .vm, isOn { return try MachineMonitor.pressButton(site, machine) }
    for pid in group.processes {
      let status = LabFiles.text("/proc/\(pid)/status") ?? ""
      let numbers = status.split(separator: "\n").first { $0.hasPrefix("NSpid:") }?.split(separator: "\t").dropFirst()
      // This namespace, the firmware's, the system's own.
      if let numbers, numbers.count == 3, numbers.last == "1" { kill(pid, __libc_current_sigrtmin() + 4) }
    }
  }

  // MARK: Boot device

  package var bootDevice: BootDevice { LabFiles.text(bootFile).flatMap(BootDevice.init(rawValue:)) ?? .none }

  /// For the next start only.
  package func setBootDevice(_ device: BootDevice) throws(AgentError) {
    if device == .none {
      try LabFiles.remove(bootFile)
    } else {
      try LabFiles.write(device.rawValue, to: bootFile)
    }
  }
}

/// The last status that a machine's firmware reported.
package struct MachineStatus: Hashable, Codable, Sendable {
  package enum Phase: String, Hashable, Codable, Sendable {
    case off
    /// Power is on; nothing has booted yet.
    case firmware
    /// A DHCP answer is waited for.
    case dhcp
    /// A boot script, kernel or image is being fetched.
    case fetching
    case running
    /// Neither the disk nor the network gave anything to boot. The network is tried again.
    case noBootDevice = "no-boot-device"
    /// Power is on, but nothing will happen any more: the system died, or refused its image.
    case hung
  }

  package enum Source: String, Hashable, Codable, Sendable { case disk, network }

  package var phase: Phase
  package var source: Source?
  package var detail: String?
  /// Seconds since 1970.
  package var since: Int

  package init(_ phase: Phase, source: Source? = nil, detail: String? = nil, since: Int = Int(time(nil))) {
    self.phase = phase
    self.source = source
    self.detail = detail
    self.since = since
  }
}

extension LabSite {
  func statusFile(of machine: LabMachine) -> String { "\(directory(of: machine))/status.json" }

  func status(of machine: LabMachine) -> MachineStatus? {
    LabFiles.readJSON(MachineStatus.self, from: statusFile(of: machine))
  }
}

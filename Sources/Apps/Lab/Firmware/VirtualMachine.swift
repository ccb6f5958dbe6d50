// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// A machine as QEMU emulates it: its own ROM, iPXE, kernel and initramfs. Slow, but all of it is real.
struct VirtualMachine {
  /// Enough for an image of 110 MB in memory, and what runs from it.
  private static let mebibytes = 1024

  var firmware: Firmware

  /// Cards as QEMU wants them: taps on the lab's bridges, in the lab's namespace.
  func plug() async throws(AgentError) {
    let site = firmware.site
    try await site.ip(firmware.machine.ports.map { "link del \($0.peer)" }, force: true)
    var batch: [String] = []
    for port in firmware.machine.ports {
      guard let bridge = site.network(port.network)?.bridge else { continue }
      batch += [
        "tuntap add \(port.peer) mode tap",
        "link set \(port.peer) alias \(firmware.machine.name)/\(port.nic) master \(bridge)",
      ]
      if !site.isCut(port) { batch.append("link set \(port.peer) up") }
    }
    try await site.ip(batch)
  }

  /// Runs until the system powers off. A restart stays inside QEMU.
  func run(order: [MachineStatus.Source]) throws(AgentError) -> Container.End {
    let argv = firmware.site.inside(["qemu-system-x86_64"] + arguments(order: order))
    firmware.say("QEMU, boot order \(order.map(\.rawValue).joined(separator: ", "))")
    try firmware.report(.running, detail: "QEMU")
    return switch try Foreground.run(argv) {
    case 0: .poweredOff
    case let status: .died(status)
    }
  }

  func arguments(order: [MachineStatus.Source]) -> [String] {
    let machine = firmware.machine
    var arguments = [
      "-name", machine.name.name, "-nodefaults", "-no-user-config", "-machine", "q35,usb=off,sata=off,smbus=off",
      // Not KVM: a nested one may be there and yet hang in the ROM, and nothing tells beforehand. A plain processor
      // keeps the emulated kernel from probing for much.
      "-accel", "tcg,thread=multi,tb-size=256", "-cpu", "Nehalem", "-smp", "2", "-m", "\(Self.mebibytes)",
      "-display", "none", "-vga", "none", "-serial", "stdio", "-device", "sga", "-monitor", "none", "-device",
      "virtio-rng-pci",
    ]
    for (number, port) in machine.ports.enumerated() {
      arguments += [
        "-netdev", "tap,id=net\(number),ifname=\(port.peer),script=no,downscript=no", "-device",
        "virtio-net-pci,netdev=net\(number),mac=\(port.mac)",
      ]
    }
    if machine.disk == .empty {
      arguments += [
        "-drive", "file=\(firmware.site.diskFile(of: machine)),if=none,id=disk,format=raw,cache=unsafe", "-device",
        "virtio-blk-pci,drive=disk",
      ]
    }
    // A boot device of the BMC's is for one start: afterwards the disk comes first again.
    return arguments + ["-boot", order == [.network] && machine.disk == .empty ? "once=n,order=cn" : "order=cn"]
  }
}

/// A system that runs: its root booted by systemd-nspawn on the machine's NICs.
struct Container {
  enum End: Hashable { case poweredOff, rebooted, died(Int32) }

  var machine: LabMachine
  var root: String
  /// The UUID of its firmware, were it a whole machine: systemd's CONTAINER_INTERFACE.
  var uuid: String
  /// The kernel's command line as a boot loader would have set it; PID 1 gets it as arguments.
  var arguments: [String] = []
  /// Devices, as `host:inside`.
  var devices: [String] = []

  /// Runs until the system powers off, reboots or dies.
  func run() throws(AgentError) -> End {
    var argv = [
      "systemd-nspawn", "--quiet", "--directory=\(root)", "--machine=\(machine.name)", "--hostname=localhost",
      "--register=no", "--keep-unit", "--private-network", "--capability=all", "--console=read-only",
      "--resolv-conf=off", "--timezone=off", "--link-journal=no", "--setenv=container_uuid=\(uuid)",
    ]
    // There is one clock and one kernel for all machines, and they are not the lab's.
    argv += ["--drop-capability=CAP_SYS_TIME,CAP_SYS_MODULE"]
    argv += machine.ports.map { "--network-interface=\($0.nic)" }
    argv += devices.map { "--bind=\($0)" }
    argv += ["--boot"] + arguments
    return switch try Foreground.run(argv) {
    case 0: .poweredOff
    // With --keep-unit nspawn leaves a restart to its caller and says so with this status.
    case 133: .rebooted
    case let status: .died(status)
    }
  }
}

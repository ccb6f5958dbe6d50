// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// A machine as QEMU emulates it: its own ROM, iPXE, kernel and initramfs. Slow, but all of it is real.
struct VirtualMachine {
  var firmware: Firmware

  private var machine: LabMachine { firmware.machine }
  private var site: LabSite { firmware.site }

  /// Cards as QEMU wants them: taps on the lab's bridges, in the lab's namespace.
  func plug() async throws(AgentError) {
    try await site.ip(machine.ports.map { "link del \($0.peer)" }, force: true)
    var batch: [String] = []
    for port in machine.ports {
      guard let bridge = site.network(port.network)?.bridge else { continue }
      batch += [
        "tuntap add \(port.peer) mode tap",
        "link set \(port.peer) alias \(machine.name)/\(port.nic) master \(bridge)",
      ]
      if !site.isCut(port) { batch.append("link set \(port.peer) up") }
    }
    try await site.ip(batch)
  }

  /// Runs until the system restarts or powers off.
  func run(order: [MachineStatus.Source]) throws(AgentError) -> Container.End {
    if machine.firmware == .uefi { try UEFIROM.prepare(site.variablesFile(of: machine)) }
    let monitor = try MachineMonitor(site, machine)
    firmware.say("QEMU, boot order \(order.map(\.rawValue).joined(separator: ", "))")
    try firmware.report(.running, detail: "QEMU")
    let status = try Foreground.run(site.inside(["qemu-system-x86_64"] + arguments(order: order)))
    return status != 0 ? .died(status) : try monitor.saysRestart() ? .rebooted : .poweredOff
  }

  func arguments(order: [MachineStatus.Source]) -> [String] {
    var arguments = [
      // Each start asks for the boot order anew: BIOS can be told of one that counts once, and UEFI cannot.
      "-name", machine.name.name, "-nodefaults", "-no-user-config", "-no-reboot",
      "-uuid", site.systemUUID(of: machine.name).hyphenatedUUID, "-machine", "q35,usb=off,sata=off,smbus=off",
      // Not KVM: a nested one may be there and yet hang in the ROM, and nothing tells beforehand. A plain processor
      // keeps the emulated kernel from probing for much.
      "-accel", "tcg,thread=multi,tb-size=256", "-cpu", "Nehalem", "-smp", "2", "-m", "\(mebibytes)",
      "-display", "none", "-vga", "none", "-serial", "stdio",
    ]
    arguments += MachineMonitor.arguments(site, machine)
    arguments += machine.firmware == .uefi ? UEFIROM.arguments(site.variablesFile(of: machine)) : ["-device", "sga"]
    // First the cards, whose slots are said: QEMU gives the others those that are left.
    arguments += cards(order) + ["-device", "virtio-rng-pci"] + drives(order) + stateDisk
    arguments += ["-boot", "order=" + order.map { $0 == .disk ? "c" : "n" }.joined()]
    return arguments + (order == [.network] ? [] : kernel)
  }

  /// Enough for an image of 110 MB in memory and what runs from it; a head runs a cluster's services besides.
  private var mebibytes: Int { machine.role == .head ? 1536 : 1024 }

  /// UEFI goes by these numbers alone, and leaves out what has none.
  private func bootIndex(_ index: Int) -> String { machine.firmware == .uefi ? ",bootindex=\(index)" : "" }

  private func cards(_ order: [MachineStatus.Source]) -> [String] {
    machine.ports.enumerated().flatMap { number, port in
      [
        "-netdev", "tap,id=net\(number),ifname=\(port.peer),script=no,downscript=no", "-device",
        "virtio-net-pci,netdev=net\(number),mac=\(port.mac)"
          + (port.slot.map { ",addr=0x\(String($0, radix: 16))" } ?? "")
          // The ROM of the card's own is BIOS's.
          + (machine.firmware == .uefi ? ",romfile=" : "") + bootIndex(1 + number),
      ]
    }
  }

  private func drives(_ order: [MachineStatus.Source]) -> [String] {
    guard machine.disk != .none else { return [] }
    // A kernel that QEMU loads has index 0 itself.
    let isBooted = machine.disk == .empty && order.contains(.disk)
    let system = [
      "-drive", "file=\(site.diskFile(of: machine)),if=none,id=disk,format=raw,cache=unsafe,discard=unmap",
      "-device",
      "nvme,drive=disk,serial=\(machine.name)"
        + (isBooted ? bootIndex(order.first == .disk ? 0 : 1 + machine.ports.count) : ""),
    ]
    guard machine.disk == .empty else { return system }
    return system + [
      "-drive", "file=\(site.dataFile(of: machine)),if=none,id=data,format=raw,cache=unsafe",
      "-device", "virtio-scsi-pci", "-device", "scsi-hd,drive=data",
    ]
  }

  private var stateDisk: [String] {
    guard let serial = machine.stateDisk else { return [] }
    return [
      "-drive", "file=\(site.stateDiskFile(of: machine)),if=none,id=state,format=raw,cache=unsafe",
      "-device", "virtio-blk-pci,drive=state,serial=\(serial)",
    ]
  }

  /// The lab is the boot loader of a head that nobody has installed.
  private var kernel: [String] {
    guard machine.disk == .debian else { return [] }
    let base = BaseRoot(site: site)
    return ["-kernel", base.kernel, "-initrd", base.initramfs, "-append", DebianDisk.words]
  }
}

extension LabMachine.Port {
  /// The PCI slot that the kernel names a card by: 3 for `enp0s3`. Nil: another name.
  static func slot(_ nic: String) -> Int? {
    guard nic.hasPrefix("enp0s"), let slot = Int(nic.dropFirst(5)), 1...30 ~= slot, nic == "enp0s\(slot)" else {
      return nil
    }
    return slot
  }

  fileprivate var slot: Int? { Self.slot(nic) }
}

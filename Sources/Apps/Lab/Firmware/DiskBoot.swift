// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

/// Boots what is on the machine's disk.
struct DiskBoot {
  private struct Table: Decodable {
    struct Contents: Decodable {
      var sectorsize: Int?
      var partitions: [Partition]?
    }
    struct Partition: Decodable {
      var start: Int
      var size: Int
    }
    var partitiontable: Contents
  }

  var firmware: Firmware

  func run() async throws(AgentError) -> Firmware.Attempt {
    switch firmware.machine.disk {
    case .none: return .nothing("no disk")
    case .debian:
      try await mountDebian()
    case .empty:
      guard try await mountPartition() else { return .nothing("no bootable disk") }
    }
    firmware.say("booting from disk")
    try firmware.report(.running, source: .disk)
    let end = try Container(
      machine: firmware.machine, root: firmware.root, uuid: firmware.site.systemUUID(of: firmware.machine.name),
      devices: try shared() + (try await standIn())
    ).run()
    try await Mounts.unmount(firmware.root)
    return .ended(end)
  }

  /// Folders that all heads have, as `host:inside`: the lab is the storage that the site is said to have.
  private func shared() throws(AgentError) -> [String] {
    var binds: [String] = []
    for path in firmware.site.shared where firmware.machine.role == .head {
      let folder = firmware.site.folder(ofShared: path)
      try LabFiles.makeDirectory(folder)
      binds.append("\(folder):\(path)")
    }
    return binds
  }

  /// The stand-in for DRBD makes a file that is a disk, which is mounted as a loop device.
  private func standIn() async throws(AgentError) -> [String] {
    guard firmware.site.standIn != nil, firmware.machine.role == .head else { return [] }
    return ["/dev/fuse", "/dev/loop-control"] + (try await DiskDevices(firmware: firmware).loopNodes())
  }

  private func mountDebian() async throws(AgentError) {
    let head = DebianHead(site: firmware.site, machine: firmware.machine)
    try await Mounts.overlay(
      lower: BaseRoot(site: firmware.site).path, upper: head.upper, work: head.work, at: firmware.root)
  }

  /// Mounts the first partition that holds a system. The kernel may read no partition tables, so sfdisk(8) does.
  private func mountPartition() async throws(AgentError) -> Bool {
    let disk = firmware.site.diskFile(of: firmware.machine)
    let listing = try await Command.run("sfdisk", ["--json", disk])
    guard listing.succeeded, let table = try? JSONDecoder().decode(Table.self, from: Data(listing.stdout)) else {
      return false
    }
    let sector = table.partitiontable.sectorsize ?? 512
    for partition in table.partitiontable.partitions ?? [] {
      let options = "loop,offset=\(partition.start * sector),sizelimit=\(partition.size * sector)"
      let mount = try await Command.run("mount", ["-o", options, disk, firmware.root])
      guard mount.succeeded else { continue }
      let inits = ["usr/lib/systemd/systemd", "lib/systemd/systemd", "sbin/init"]
      if inits.contains(where: { LabFiles.exists("\(firmware.root)/\($0)") }) { return true }
      try await Mounts.unmount(firmware.root)
    }
    return false
  }
}

/// The machine's disks, and loop devices for mapping partitions, for a system that installs onto one of them.
///
/// A machine has the disk that it boots from and one with somebody's data: an installer has to tell them apart.
struct DiskDevices {
  private static let loopMajor: UInt32 = 7
  private static let loops = 64

  var firmware: Firmware

  /// `host:inside` pairs to bind into the container.
  func prepare() async throws(AgentError) -> [String] {
    var binds = ["/dev/loop-control"]
    for (name, file) in firmware.site.disks(of: firmware.machine) {
      let attached = try await Command.checked(
        "losetup", ["--find", "--show", file], next: "Check that loop devices work here: losetup -f.")
      let device = attached.text.trimmingCharacters(in: .whitespacesAndNewlines)
      firmware.say("disk \(device) is \(name)")
      binds.append("\(device):\(name)")
    }
    return binds + (try await loopNodes())
  }

  /// nspawn's /dev is its own; a loop device that the kernel makes later would have no node there.
  func loopNodes() async throws(AgentError) -> [String] {
    let folder = "\(firmware.folder)/dev"
    try LabFiles.makeDirectory(folder)
    if !LabFiles.exists("\(folder)/loop0") {
      try await Mounts.mount(["-t", "tmpfs", "-o", "mode=755", "tmpfs", folder])
    }
    var binds: [String] = []
    for number in 0..<Self.loops {
      let node = "\(folder)/loop\(number)"
      if !LabFiles.exists(node), mknod(node, S_IFBLK | 0o660, dev_t(Self.loopMajor << 8 | UInt32(number))) != 0 {
        throw AgentError(
          .permission, "\(node) could not be made", cause: String(cString: strerror(errno)),
          next: "Run the lab as root.")
      }
      binds.append("\(node):/dev/loop\(number)")
    }
    return binds
  }
}

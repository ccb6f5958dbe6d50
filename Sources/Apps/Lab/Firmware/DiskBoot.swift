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
    let end = try Container(machine: firmware.machine, root: firmware.root).run()
    try await Mounts.unmount(firmware.root)
    return .ended(end)
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
      if inits.contains(where: { Files.exists("\(firmware.root)/\($0)") }) { return true }
      try await Mounts.unmount(firmware.root)
    }
    return false
  }
}

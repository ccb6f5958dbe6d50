// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

/// The machine's disk as `/dev/vda`, and loop devices for mapping partitions, for a system that installs onto the disk.
struct DiskDevices {
  private static let loopMajor: UInt32 = 7
  private static let loops = 64

  var firmware: Firmware

  /// `host:inside` pairs to bind into the container.
  func prepare() async throws(AgentError) -> [String] {
    let disk = firmware.site.diskFile(of: firmware.machine)
    let attached = try await Command.checked(
      "losetup", ["--find", "--show", disk], next: "Check that loop devices work here: losetup -f.")
    let device = attached.text.trimmingCharacters(in: .whitespacesAndNewlines)
    firmware.say("disk \(device) is /dev/vda")
    return ["\(device):/dev/vda", "/dev/loop-control"] + (try await loopNodes())
  }

  /// nspawn's /dev is its own; a loop device that the kernel makes later would have no node there.
  private func loopNodes() async throws(AgentError) -> [String] {
    let folder = "\(firmware.folder)/dev"
    try Files.makeDirectory(folder)
    if !Files.exists("\(folder)/loop0") {
      try await Mounts.mount(["-t", "tmpfs", "-o", "mode=755", "tmpfs", folder])
    }
    var binds: [String] = []
    for number in 0..<Self.loops {
      let node = "\(folder)/loop\(number)"
      if !Files.exists(node), mknod(node, S_IFBLK | 0o660, dev_t(Self.loopMajor << 8 | UInt32(number))) != 0 {
        throw AgentError(
          .permission, "\(node) could not be made", cause: String(cString: strerror(errno)),
          next: "Run the lab as root.")
      }
      binds.append("\(node):/dev/loop\(number)")
    }
    return binds
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// The disk of a plain head that is a virtual machine: the root that a container would have, as ext4 on all of it.
///
/// There is no boot loader on it: QEMU loads the kernel of the base root. Clones have one, which their installer made.
struct DebianDisk {
  static let label = "root"
  /// The same as of a head that is installed over the network.
  private static let size = "4G"
  /// As Debian's installer leaves it where it was itself used over a serial line. The processor is emulated: there is
  /// nobody to be kept from looking into it.
  static let words = "root=LABEL=\(label) ro console=ttyS0,115200n8 mitigations=off"

  var firmware: Firmware

  /// Makes it before the first start. It lives until the lab goes down.
  func prepare() async throws(AgentError) {
    let (site, machine) = (firmware.site, firmware.machine)
    let disk = site.diskFile(of: machine)
    guard machine.disk == .debian, !LabFiles.exists(disk) else { return }
    firmware.say("making the disk")
    // Renamed when it is whole: a start that was cut off begins again.
    let unfinished = "\(disk).new"
    try LabFiles.remove(unfinished)
    let head = DebianHead(site: site, machine: machine)
    try await Mounts.overlay(
      lower: BaseRoot(site: site).path, upper: head.upper, work: head.work, at: firmware.root)
    try await Command.checked(
      "mkfs.ext4", ["-q", "-L", Self.label, "-d", firmware.root, unfinished, Self.size], deadline: .seconds(600),
      next: "Check that e2fsprogs is installed, and that there is room for a head's root.")
    try await Mounts.unmount(firmware.root)
    try LabFiles.rename(unfinished, to: disk)
  }
}

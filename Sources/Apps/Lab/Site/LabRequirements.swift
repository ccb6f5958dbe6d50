// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

/// Requirements of a lab on the machine that it runs on.
enum LabRequirements {
  /// Programs, and the Debian packages that hold them.
  private static let programs = [
    "systemd-nspawn": "systemd-container", "mmdebstrap": "mmdebstrap", "nginx": "nginx-light", "socat": "socat",
    "ipmi_sim": "openipmi", "busybox": "busybox-static", "ip": "iproute2", "ssh": "openssh-client", "curl": "curl",
    "nsenter": "util-linux", "unshare": "util-linux", "losetup": "mount", "sfdisk": "fdisk",
  ]

  static func check(virtual: Bool, uefi: Bool) throws(AgentError) {
    guard geteuid() == 0 else {
      throw AgentError(.permission, "A lab needs root, for namespaces and mounts", next: "Run it with sudo.")
    }
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/sbin:/usr/bin:/sbin:/bin").split(separator: ":")
    let programs = virtual ? programs.merging(["qemu-system-x86_64": "qemu-system-x86"]) { $1 } : programs
    var missing = programs.filter { program, _ in !folders.contains { LabFiles.exists("\($0)/\(program)") } }
    if uefi, !LabFiles.exists(UEFIROM.code) { missing[UEFIROM.code] = "ovmf" }
    guard missing.isEmpty else {
      throw AgentError(
        .notFound, "The lab needs programs that are not installed: \(missing.keys.sorted().joined(separator: ", "))",
        next: "apt-get install \(Set(missing.values).sorted().joined(separator: " "))")
    }
  }

  /// Every systemd takes inotify instances, and all containers of one user share the limit.
  static func raiseLimits(for site: LabSite, _ progress: (String) -> Void) throws(AgentError) {
    let wanted = 256 + 32 * site.machines.count
    let path = "/proc/sys/fs/inotify/max_user_instances"
    guard let now = LabFiles.text(path).flatMap({ Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }),
      now < wanted
    else { return }
    try LabFiles.attempt("\(path) could not be raised") {
      try Data("\(wanted)\n".utf8).write(to: URL(fileURLWithPath: path))
    }
    progress("raised fs.inotify.max_user_instances from \(now) to \(wanted), until the next restart of this machine")
  }
}

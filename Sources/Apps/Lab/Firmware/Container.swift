// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// A system that runs: its root booted by systemd-nspawn on the machine's NICs.
struct Container {
  enum End: Hashable { case poweredOff, rebooted, died(Int32) }

  var machine: LabMachine
  var root: String
  /// The UUID of its firmware, were it a whole machine: systemd's CONTAINER_INTERFACE.
  var uuid: String
  /// The kernel's command line as a boot loader would have set it; PID 1 gets it as arguments.
  var arguments: [String] = []
  /// Devices and folders, as `host:inside`.
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
    // systemd of Debian 13 does not run on control groups of version 1 unless it is told to.
    if !LabFiles.exists("/sys/fs/cgroup/cgroup.controllers") { argv.append("SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1") }
    return switch try Foreground.run(argv) {
    case 0: .poweredOff
    // With --keep-unit nspawn leaves a restart to its caller and says so with this status.
    case 133: .rebooted
    case let status: .died(status)
    }
  }
}

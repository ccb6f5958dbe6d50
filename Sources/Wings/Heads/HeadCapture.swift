// SPDX-License-Identifier: Apache-2.0

/// What a captured head keeps to itself: who it is, what only it may know, and what can be had again.
enum HeadCapture {
  /// Patterns of mksquashfs(1); `/*` at the end keeps the folder itself.
  static let excluded = identity + secrets + state + caches

  static let identity = ["/etc/machine-id", "/var/lib/dbus/machine-id", "/etc/ssh/ssh_host_*", "/etc/hostname"]
  static let secrets = [
    "/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-", "\(WellKnown.secrets)/*", "/etc/corosync/authkey",
    "/etc/pacemaker/authkey", "/root/.ssh/id_*", "/root/.bash_history", "/etc/ssl/private/*",
    "/var/lib/systemd/random-seed", "/var/lib/systemd/credential.secret",
  ]
  /// Of the agent only the list of what it manages goes along: lease, generation, clones and proofs are this head's
  /// own.
  static let state = [
    "/var/lib/cluster/generation*", "/var/lib/cluster/lease*", "/var/lib/cluster/clones", "/var/lib/cluster/fencing",
    "/var/lib/cluster/deadman", "/var/lib/cluster/operations.lock",
    "/var/lib/corosync/*", "/var/lib/pacemaker/*/*", "/var/lib/misc/dnsmasq.leases", "/var/lib/systemd/timers/*",
    "\(WellKnown.captures)/*", "\(WellKnown.cloneScripts)/*",
  ]
  static let caches = [
    "/proc/*", "/sys/*", "/dev/*", "/run/*", "/tmp/*", "/var/tmp/*", "/mnt/*", "/media/*", "/var/cache/apt/*.bin",
    "/var/cache/apt/archives/*.deb", "/var/lib/apt/lists/*_*", "/var/cache/cluster/*", "/var/crash/*", "/lost+found",
    "/swapfile",
  ]
}

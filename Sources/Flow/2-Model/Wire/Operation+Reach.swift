// SPDX-License-Identifier: Apache-2.0

extension Operation {
  /// What an operation can do to the way over which hosts are administered.
  package enum Reach: Hashable, Sendable {
    /// Nothing.
    case harmless
    /// Changes a path that a later change of a link, sshd or the firewall brings into force, as does the next boot.
    case prepares(path: String)
    /// Can cut the way at once. It is done under a dead-man switch: the host undoes it unless it is confirmed.
    case cuts
  }

  package var reach: Reach {
    switch self {
    case .ensureLink, .ensureAddress: .cuts
    case .ensureUnit(let goal): Lockout.units.contains(goal.name) ? .cuts : .harmless
    case .ensureFile(let goal): Lockout.reach(ofPath: goal.path)
    case .ensureSecretFile(let goal): Lockout.reach(ofPath: goal.path)
    case .ensureSymbolicLink(let path, _): Lockout.reach(ofPath: path)
    case .ensureFileAbsent(let path): Lockout.reach(ofPath: path)
    case .ensureTree(let goal): Lockout.reach(ofPath: goal.root)
    case .ensureTreeAbsent(let root): Lockout.reach(ofPath: root)
    case .ensurePackages, .ensurePackagesAbsent, .ensureHostname, .ensureImage, .ensureImageFetched,
      .ensureImageAbsent, .ensureCapture, .ensureClone, .ensureCloneAbsent, .ensurePower, .ensureNode, .ensureCIB,
      .ensureFencingProven:
      .harmless
    }
  }

  /// Done under a dead-man switch, and only counted as done once it is confirmed over a new connection.
  package var canCutUsOff: Bool { reach == .cuts }
}

/// What the way to a host hangs on: addresses and routes, sshd, the firewall.
package enum Lockout {
  package static let units: Set<String> = [
    "systemd-networkd.service", "networking.service", "NetworkManager.service", "ssh.service", "sshd.service",
    "ssh.socket", "sshd.socket", "nftables.service", "netfilter-persistent.service", "firewalld.service",
    "ufw.service",
  ]

  /// Folders and files that are read when one of the units is started or told to reload.
  private static let read = [
    "/etc/systemd/network", "/etc/systemd/networkd.conf", "/etc/systemd/networkd.conf.d", "/etc/network",
    "/etc/NetworkManager", "/etc/ssh", "/etc/nftables.conf", "/etc/nftables.d", "/etc/iptables", "/etc/firewalld",
    "/etc/ufw",
  ]

  /// Asked anew for every login: hosts_access(5), sshd(8).
  private static let atOnce = ["/etc/hosts.allow", "/etc/hosts.deny", "/etc/nologin", "/root/.ssh"]

  static func reach(ofPath path: String) -> Operation.Reach {
    if atOnce.contains(where: path.lies) { return .cuts }
    return read.contains(where: path.lies) ? .prepares(path: path) : .harmless
  }
}

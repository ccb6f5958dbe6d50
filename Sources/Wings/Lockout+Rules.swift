// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The units and files that a connection to a host depends on: addresses and routes, sshd, the firewall.
extension Lockout {
  package static let units: Set<String> = [
    "systemd-networkd.service", "networking.service", "NetworkManager.service", "ssh.service", "sshd.service",
    "ssh.socket", "sshd.socket", "nftables.service", "netfilter-persistent.service", "firewalld.service",
    "ufw.service", Firewall.unit,
  ]

  /// Folders and files that are read when one of the units is started or told to reload.
  private static let read = [
    "/etc/systemd/network", "/etc/systemd/networkd.conf", "/etc/systemd/networkd.conf.d", "/etc/network",
    "/etc/NetworkManager", "/etc/ssh", "/etc/nftables.conf", "/etc/nftables.d", "/etc/iptables", "/etc/firewalld",
    "/etc/ufw", Firewall.file, Firewall.unitFile,
  ]

  /// Asked anew for every login: hosts_access(5), sshd(8).
  private static let asked = ["/etc/hosts.allow", "/etc/hosts.deny", "/etc/nologin", "/root/.ssh"]

  /// The lockout that changing a unit can cause.
  package static func ofUnit(_ name: String) -> Lockout {
    units.contains(name) ? .immediate(Touched(unit: name)) : .impossible
  }

  /// The lockout that changing a file or folder can cause.
  package static func ofPath(_ path: String) -> Lockout {
    if asked.contains(where: path.lies) { return .immediate(Touched(path: path)) }
    return read.contains(where: path.lies) ? .prepared(path: path) : .impossible
  }
}

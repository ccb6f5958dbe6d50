// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

/// The check that a daemon makes of its own configuration: dnsmasq(8) `--test`, nginx(8) `-t`, corosync(8) `-t`,
/// sshd(8) `-t`, nft(8) `--check`. It is asked before a daemon is started, reloaded or restarted, so that one that runs
/// goes on running with what it has when the new configuration is no good.
enum OwnCheck {
  private static let programs: [String: (path: String, arguments: [String])] = [
    "dnsmasq.service": ("/usr/sbin/dnsmasq", ["--test"]),
    "nginx.service": ("/usr/sbin/nginx", ["-t", "-q"]),
    "cluster-images.service": ("/usr/sbin/nginx", ["-t", "-q", "-c", "/etc/cluster/images-nginx.conf"]),
    "corosync.service": ("/usr/sbin/corosync", ["-t"]),
    "ssh.service": ("/usr/sbin/sshd", ["-t"]),
    Routing.unit: ("/usr/sbin/nft", ["--check", "--file", Routing.file]),
    Firewall.unit: ("/usr/sbin/nft", ["--check", "--file", Firewall.file]),
  ]

  /// Throws what the daemon says of its configuration, when it would not take it.
  static func pass(_ unit: String) async throws(AgentError) {
    guard let (path, arguments) = programs[unit], try FileSystem.entry(path) != nil else { return }
    let result = try await Command.run(path, arguments, deadline: .seconds(20))
    guard !result.succeeded else { return }
    throw AgentError(
      .commandFailed, "\(unit) would not take its new configuration; it was left as it runs", cause: result.lastLines,
      next: "Run `\(([path] + arguments).joined(separator: " "))` on the host, and correct what it names.")
  }
}

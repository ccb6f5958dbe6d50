// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

/// Keys, the ssh configuration that leads into the lab, and the BMCs' passwords.
extension LabSite {
  func makeAccess() async throws(AgentError) {
    try LabFiles.makeDirectory("\(stateDirectory)/ssh", mode: 0o700)
    if !LabFiles.exists(identity) { try await Self.makeKey(identity, comment: "cluster lab \(id)") }
    for machine in machines where machine.disk == .debian { try await makeHostKey(of: machine) }
    try LabFiles.write(sshConfiguration, to: sshConfig)
    for secret in Set(machines.flatMap { [$0.bmc, $0.outlet].compactMap { $0?.password } }) {
      let path = "\(secretsDirectory)/\(secret.name)"
      guard !LabFiles.exists(path) else { continue }
      try LabFiles.makeDirectory((path as NSString).deletingLastPathComponent, mode: 0o700)
      // IPMI 2.0 takes at most 20 characters.
      try LabFiles.write(Self.randomText(16), to: path, mode: 0o600)
    }
  }

  func hostKey(of machine: LabMachine) -> String { "\(directory(of: machine))/ssh_host_ed25519_key" }

  static func randomText(_ length: Int, from alphabet: String = "abcdefghijkmnpqrstuvwxyz23456789") -> String {
    var random = SystemRandomNumberGenerator()
    return String((0..<length).compactMap { _ in alphabet.randomElement(using: &random) })
  }

  private static func makeKey(_ path: String, comment: String) async throws(AgentError) {
    try await Command.checked(
      "ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path],
      next: "Check that openssh-client is installed.")
  }

  /// Made before the machine starts, so that its first connection is already trusted.
  private func makeHostKey(of machine: LabMachine) async throws(AgentError) {
    let path = hostKey(of: machine)
    guard !LabFiles.exists(path) else { return }
    try LabFiles.makeDirectory(directory(of: machine))
    try await Self.makeKey(path, comment: "root@\(machine.name)")
    let key = (LabFiles.text("\(path).pub") ?? "").split(separator: " ").prefix(2).joined(separator: " ")
    let names = ([machine.name.name] + machine.ports.map { Self.host($0.address) }).joined(separator: ",")
    try LabFiles.write((LabFiles.text(knownHosts) ?? "") + "\(names) \(key)\n", to: knownHosts, mode: 0o600)
  }

  /// `10.1.0.1` of `10.1.0.1/16`.
  static func host(_ address: String) -> String { String(address.prefix { $0 != "/" }) }

  var sshConfiguration: String {
    var lines = ["# Written by `cluster lab up`: the way into the lab \(id)."]
    for machine in machines {
      guard let port = machine.ports.first else { continue }
      lines += ["Host \(machine.name)", "  HostName \(Self.host(port.address))"]
    }
    lines += [
      "Host *", "  User \(user)", "  IdentityFile \(identity)", "  IdentitiesOnly yes", "  BatchMode yes",
      "  UserKnownHostsFile \(knownHosts)", "  GlobalKnownHostsFile /dev/null",
      "  StrictHostKeyChecking accept-new", "  ServerAliveInterval 5", "  LogLevel ERROR",
      // What ssh does with a connection of its own: else each small packet waits for the answer to the one before.
      "  ProxyCommand \(inside(["socat", "-", "TCP:%h:%p,connect-timeout=5,nodelay"]).joined(separator: " "))",
    ]
    return lines.joined(separator: "\n") + "\n"
  }
}

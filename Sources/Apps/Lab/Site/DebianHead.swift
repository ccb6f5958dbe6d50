// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

/// The files that an installer would have written to a plain head's disk: names, one address, keys.
///
/// The disk is the upper layer of an overlay on the base root; it is written once, and lives until the lab goes down.
struct DebianHead {
  var site: LabSite
  var machine: LabMachine

  private var folder: String { site.directory(of: machine) }
  var upper: String { "\(folder)/upper" }
  var work: String { "\(folder)/work" }

  func install() throws(AgentError) {
    // Written last: without it the disk is incomplete and made again.
    let done = "\(folder)/installed"
    guard !Files.exists(done) else { return }
    for path in [upper, work] {
      try Files.remove(path)
      try Files.makeDirectory(path)
    }
    try write("etc/hostname", "\(machine.name)\n")
    try write("etc/hosts", "127.0.0.1 localhost\n127.0.1.1 \(machine.name)\n")
    try write("etc/machine-id", LabSite.randomText(32, from: "0123456789abcdef") + "\n", mode: 0o444)
    try write("etc/resolv.conf", site.resolvers.map { "nameserver \($0)\n" }.joined())
    if let port = machine.ports.first {
      try write(
        "etc/systemd/network/50-installed.network",
        "[Match]\nName=\(port.nic)\n\n[Network]\nAddress=\(port.address)\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n")
    }
    try write("etc/systemd/system/chrony.service.d/lab.conf", Self.watchingTheClock)
    try makeFolder("root", mode: 0o700)
    try makeFolder("root/.ssh", mode: 0o700)
    try write("root/.ssh/authorized_keys", Files.text("\(site.identity).pub") ?? "", mode: 0o600)
    let key = site.hostKey(of: machine)
    try write("etc/ssh/ssh_host_ed25519_key", Files.text(key) ?? "", mode: 0o600)
    try write("etc/ssh/ssh_host_ed25519_key.pub", Files.text("\(key).pub") ?? "")
    try Files.write("", to: done)
  }

  /// All machines of a lab share the clock of the machine that it runs on. Their chronyd(8) looks at the time, and sets
  /// nothing; so it also runs where a lab may not set it.
  private static let watchingTheClock = """
    # Written by `cluster lab up`.
    [Unit]
    ConditionCapability=
    [Service]
    ExecStart=
    ExecStart=!/usr/sbin/chronyd -x $DAEMON_OPTS

    """

  private func write(_ path: String, _ text: String, mode: Int = 0o644) throws(AgentError) {
    try Files.write(text, to: "\(upper)/\(path)", mode: mode)
  }

  private func makeFolder(_ path: String, mode: Int) throws(AgentError) {
    try Files.makeDirectory("\(upper)/\(path)", mode: mode)
  }
}

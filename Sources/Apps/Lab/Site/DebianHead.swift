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
    guard !LabFiles.exists(done) else { return }
    for path in [upper, work] {
      try LabFiles.remove(path)
      try LabFiles.makeDirectory(path)
    }
    try write("etc/hostname", "\(machine.name)\n")
    try write("etc/hosts", "127.0.0.1 localhost\n127.0.1.1 \(machine.name)\n")
    try write("etc/machine-id", LabSite.randomText(32, from: "0123456789abcdef") + "\n", mode: 0o444)
    try write("etc/resolv.conf", site.resolvers.map { "nameserver \($0)\n" }.joined())
    if let port = machine.ports.first, site.isMinimal == true {
      try write(
        "etc/systemd/network/50-installed.network",
        "[Match]\nName=\(port.nic)\n\n[Network]\nAddress=\(port.address)\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n")
    } else if let port = machine.ports.first {
      // As its installer does: ifupdown(8), priority "important".
      try write(
        "etc/network/interfaces",
        """
        source /etc/network/interfaces.d/*

        auto lo
        iface lo inet loopback

        # The primary network interface
        auto \(port.nic)
        iface \(port.nic) inet static
        \taddress \(port.address)

        """)
    }
    try write("etc/systemd/system/chrony.service.d/lab.conf", Self.watchingTheClock)
    if site.hasVirtualHeads { try write("etc/default/grub.d/lab.cfg", Self.serialConsole) }
    if machine.hardware == .vm {
      try write("etc/fstab", "LABEL=\(DebianDisk.label) / ext4 errors=remount-ro 0 1\n")
    }
    try makeFolder("root", mode: 0o700)
    if site.user == "root" {
      try makeFolder("root/.ssh", mode: 0o700)
      try write("root/.ssh/authorized_keys", LabFiles.text("\(site.identity).pub") ?? "", mode: 0o600)
    } else {
      try makeAdministrator(site.user)
    }
    let key = site.hostKey(of: machine)
    try write("etc/ssh/ssh_host_ed25519_key", LabFiles.text(key) ?? "", mode: 0o600)
    try write("etc/ssh/ssh_host_ed25519_key.pub", LabFiles.text("\(key).pub") ?? "")
    try LabFiles.write("", to: done)
  }

  /// An account as Debian's installer makes it where root has no password, and as sites close root's own way in.
  private func makeAdministrator(_ name: String) throws(AgentError) {
    let base = BaseRoot(site: site).path
    for (file, line) in [
      ("etc/passwd", "\(name):x:1000:1000:\(name):/home/\(name):/bin/bash"), ("etc/group", "\(name):x:1000:"),
      ("etc/shadow", "\(name):*:19000:0:99999:7:::"),
    ] {
      let mode = file == "etc/shadow" ? 0o640 : 0o644
      try write(file, (LabFiles.text("\(base)/\(file)") ?? "") + line + "\n", mode: mode)
    }
    try write("etc/sudoers.d/\(name)", "\(name) ALL=(root) NOPASSWD: ALL\n", mode: 0o440)
    try write("etc/ssh/sshd_config.d/root.conf", "PermitRootLogin no\n")
    let home = "home/\(name)"
    try makeFolder(home, mode: 0o755)
    try makeFolder("\(home)/.ssh", mode: 0o700)
    try write("\(home)/.ssh/authorized_keys", LabFiles.text("\(site.identity).pub") ?? "", mode: 0o600)
    for path in [home, "\(home)/.ssh", "\(home)/.ssh/authorized_keys"] {
      guard chown("\(upper)/\(path)", 1000, 1000) == 0 else {
        throw AgentError(
          .commandFailed, "\(path) of \(machine.name) could not be given to \(name)",
          cause: String(cString: strerror(errno)), next: "Run the lab as root.")
      }
    }
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

  /// As Debian's installer leaves it where it was itself used over a serial line. The processor is emulated: there is
  /// nobody to be kept from looking into it.
  private static let serialConsole = """
    # Written by `cluster lab up`.
    GRUB_CMDLINE_LINUX_DEFAULT="console=ttyS0,115200n8 mitigations=off"
    GRUB_TERMINAL=console
    GRUB_TIMEOUT=1

    """

  private func write(_ path: String, _ text: String, mode: Int = 0o644) throws(AgentError) {
    try LabFiles.write(text, to: "\(upper)/\(path)", mode: mode)
  }

  private func makeFolder(_ path: String, mode: Int) throws(AgentError) {
    try LabFiles.makeDirectory("\(upper)/\(path)", mode: mode)
  }
}

/// The root that plain heads start from: Debian as its installer leaves a small server, without anything personal.
///
/// Kept in the cache by what it is made from.
struct BaseRoot {
  static let suite = "bookworm"
  static let packages = [
    "systemd-sysv", "dbus", "openssh-server", "iproute2", "iputils-ping", "ca-certificates", "apt", "udev", "kmod",
    "netbase", "procps",
  ]
  /// Packages of priority "important", which Debian's installer leaves.
  static let installed = ["ifupdown", "rsyslog", "cron"]
  /// A container needs neither kernel nor boot loader. A virtual machine that is installed from it does: both for BIOS
  /// and for UEFI, with the kernel for machines that are virtual anyway.
  static let booting = ["linux-image-cloud-amd64", "initramfs-tools", "grub-efi-amd64", "grub-pc-bin"]

  var site: LabSite

  private var sources: [String] {
    let security =
      site.mirror.hasSuffix("/debian") ? String(site.mirror.dropLast(7)) + "/debian-security" : site.mirror
    return [
      "deb \(site.mirror) \(Self.suite) main", "deb \(site.mirror) \(Self.suite)-updates main",
      "deb \(security) \(Self.suite)-security main",
    ]
  }

  private var packages: [String] {
    Self.packages + (site.isMinimal == true ? [] : Self.installed) + (site.hasVirtualHeads ? Self.booting : [])
      + (site.user == "root" ? [] : ["sudo"]) + (site.preinstalled ?? [])
  }

  private var key: String {
    String(SHA256.hex((["base 3"] + sources + packages).joined(separator: "\n")).prefix(16))
  }

  var path: String { "\(site.cacheDirectory)/bases/\(Self.suite)-\(key)" }
  /// Links that Debian's kernel packages keep.
  var kernel: String { "\(path)/vmlinuz" }
  var initramfs: String { "\(path)/initrd.img" }
  /// Removed by `down` when a build was cut off.
  private var temporary: String { "\(site.cacheDirectory)/bases/\(Self.suite)-\(key).\(site.id)" }

  var isBuilt: Bool { LabFiles.exists(path) }

  /// One build at a time for all labs of the machine; the others find it done.
  func build(_ progress: @escaping @Sendable (String) -> Void) async throws(AgentError) {
    try await LabLock.hold("\(site.cacheDirectory)/bases/\(Self.suite)-\(key).lock") { () throws(AgentError) in
      guard !isBuilt else { return }
      try LabFiles.remove(temporary)
      try ControlGroup(site.daemonsGroup).create()
      let argv = site.enter(
        site.daemonsGroup,
        site.inside(
          [
            "mmdebstrap", "--mode=root", "--variant=minbase", "--include=\(packages.joined(separator: ","))",
            "--aptopt=Acquire::http::Proxy \"\(PackageProxy.localURL)\"", Self.suite, temporary,
          ] + sources))
      try await Command.checked(
        argv[0], Array(argv.dropFirst()), environment: ["TMPDIR": "/tmp"], deadline: .seconds(900),
        next: "Check that \(site.mirror) can be reached from this machine, then run `cluster lab up` again.",
        line: progress)
      try depersonalise()
      if site.isMinimal == true {
        try await Command.checked(
          "systemctl", ["--root=\(temporary)", "enable", "systemd-networkd.service"],
          next: "Check that systemd is installed on this machine.")
      }
      try LabFiles.attempt("The base root could not be put in place") {
        try FileManager.default.moveItem(atPath: temporary, toPath: path)
      }
    }
  }

  /// Host keys, machine id and names belong to a machine; the proxy belongs to the lab.
  private func depersonalise() throws(AgentError) {
    let keys = try LabFiles.attempt("The base root could not be read") {
      try FileManager.default.contentsOfDirectory(atPath: "\(temporary)/etc/ssh").filter { $0.hasPrefix("ssh_host_") }
    }
    for path in keys.map({ "etc/ssh/\($0)" }) + [
      "etc/hostname", "etc/resolv.conf", "etc/machine-id", "var/lib/dbus/machine-id", "etc/apt/apt.conf.d/99mmdebstrap",
    ] {
      try LabFiles.remove("\(temporary)/\(path)")
    }
  }

  static func removeTemporaries(of site: LabSite) throws(AgentError) {
    let folder = "\(site.cacheDirectory)/bases"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    for name in names where name.hasSuffix(".\(site.id)") { try LabFiles.remove("\(folder)/\(name)") }
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

/// The root that plain heads start from: Debian as its installer leaves a small server, without anything personal.
///
/// Kept in the cache by what it is made from.
struct BaseRoot {
  static let suite = "bookworm"
  static let packages = [
    "systemd-sysv", "dbus", "openssh-server", "iproute2", "iputils-ping", "ca-certificates", "apt", "udev", "kmod",
    "netbase", "procps",
  ]

  var site: LabSite

  private var sources: [String] {
    let security =
      site.mirror.hasSuffix("/debian") ? String(site.mirror.dropLast(7)) + "/debian-security" : site.mirror
    return [
      "deb \(site.mirror) \(Self.suite) main", "deb \(site.mirror) \(Self.suite)-updates main",
      "deb \(security) \(Self.suite)-security main",
    ]
  }

  private var key: String {
    String(SHA256.hex((["base 2"] + sources + Self.packages).joined(separator: "\n")).prefix(16))
  }

  var path: String { "\(site.cacheDirectory)/bases/\(Self.suite)-\(key)" }
  /// Removed by `down` when a build was cut off.
  private var temporary: String { "\(site.cacheDirectory)/bases/\(Self.suite)-\(key).\(site.id)" }

  var isBuilt: Bool { Files.exists(path) }

  /// One build at a time for all labs of the machine; the others find it done.
  func build(_ progress: @escaping @Sendable (String) -> Void) async throws(AgentError) {
    try await FileLock.hold("\(site.cacheDirectory)/bases/\(Self.suite)-\(key).lock") { () throws(AgentError) in
      guard !isBuilt else { return }
      try Files.remove(temporary)
      try ControlGroup(site.daemonsGroup).create()
      let argv = site.enter(
        site.daemonsGroup,
        site.inside(
          [
            "mmdebstrap", "--mode=root", "--variant=minbase", "--include=\(Self.packages.joined(separator: ","))",
            "--aptopt=Acquire::http::Proxy \"\(PackageProxy.localURL)\"", Self.suite, temporary,
          ] + sources))
      try await Command.checked(
        argv[0], Array(argv.dropFirst()), environment: ["TMPDIR": "/tmp"], deadline: .seconds(900),
        next: "Check that \(site.mirror) can be reached from this machine, then run `cluster lab up` again.",
        line: progress)
      try await depersonalise()
      try Files.attempt("The base root could not be put in place") {
        try FileManager.default.moveItem(atPath: temporary, toPath: path)
      }
    }
  }

  /// Host keys, machine id and names belong to a machine; the proxy belongs to the lab.
  private func depersonalise() async throws(AgentError) {
    let keys = try Files.attempt("The base root could not be read") {
      try FileManager.default.contentsOfDirectory(atPath: "\(temporary)/etc/ssh").filter { $0.hasPrefix("ssh_host_") }
    }
    for path in keys.map({ "etc/ssh/\($0)" }) + [
      "etc/hostname", "etc/resolv.conf", "etc/machine-id", "var/lib/dbus/machine-id", "etc/apt/apt.conf.d/99mmdebstrap",
    ] {
      try Files.remove("\(temporary)/\(path)")
    }
    try await Command.checked(
      "systemctl", ["--root=\(temporary)", "enable", "systemd-networkd.service"],
      next: "Check that systemd is installed on this machine.")
  }

  static func removeTemporaries(of site: LabSite) throws(AgentError) {
    let folder = "\(site.cacheDirectory)/bases"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    for name in names where name.hasSuffix(".\(site.id)") { try Files.remove("\(folder)/\(name)") }
  }
}

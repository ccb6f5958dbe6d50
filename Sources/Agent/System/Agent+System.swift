// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc
import HostAccess

extension Agent {
  func probeSystem() async throws(AgentError) -> Answer {
    let running = try Self.runningHostname()
    let configured = try Self.configuredHostname()
    let release = try Self.osRelease()
    return .system(
      SystemState(
        // Right only when it is so now, and after the next boot.
        hostname: running == configured ? running : "\(running) (after the next boot: \(configured ?? "none"))",
        machineID: try FileSystem.text("/etc/machine-id").filter { !$0.isWhitespace },
        operatingSystem: release, bootID: try Boot.id(), uptimeSeconds: try Boot.uptime()))
  }

  /// Now and after the next boot: hostname(5). Works without D-Bus, which hostnamectl(1) needs.
  func ensureHostname(_ name: String, _ context: OperationContext) async throws(AgentError) -> Outcome {
    // hostname(7): at most 64 characters, of these.
    let fit = name.utf8.allSatisfy { byte in
      UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
        || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }
    guard fit, 1...64 ~= name.utf8.count else {
      throw AgentError(
        .invalid, "\"\(name)\" is not a host name", next: "Use letters, digits and hyphens, at most 64 characters.")
    }
    var changed = false
    if try Self.configuredHostname() != name {
      try FileSystem.write(Array("\(name)\n".utf8), to: "/etc/hostname", owner: .init(uid: 0, gid: 0))
      changed = true
    }
    if try Self.runningHostname() != name {
      guard sethostname(name, name.utf8.count) == 0 else { throw FileSystem.failure("The host name cannot be set") }
      changed = true
    }
    return Outcome(changed: changed, detail: changed ? "the host name is \(name) now" : "as desired already")
  }

  private static func runningHostname() throws(AgentError) -> String {
    try FileSystem.text("/proc/sys/kernel/hostname").filter { !$0.isWhitespace }
  }

  private static func configuredHostname() throws(AgentError) -> String? {
    guard try FileSystem.entry("/etc/hostname")?.kind == .file else { return nil }
    let lines = try FileSystem.text("/etc/hostname").split(separator: "\n")
    return lines.first { !$0.hasPrefix("#") && !$0.allSatisfy(\.isWhitespace) }.map { $0.filter { !$0.isWhitespace } }
  }

  /// os-release(5). `/etc/os-release` is usually a link, so the file that it leads to is read.
  private static func osRelease() throws(AgentError) -> String {
    let path = try FileSystem.entry("/etc/os-release")?.kind == .file ? "/etc/os-release" : "/usr/lib/os-release"
    for line in try FileSystem.text(path).split(separator: "\n") where line.hasPrefix("PRETTY_NAME=") {
      return line.dropFirst("PRETTY_NAME=".count).filter { $0 != "\"" && $0 != "'" }
    }
    return "Linux"
  }
}

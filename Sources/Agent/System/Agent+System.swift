// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc
import HostAccess
import Wings

extension SystemProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> SystemState {
    let running = try Agent.runningHostname()
    let configured = try Agent.configuredHostname()
    return SystemState(
      // Right only when it is so now, and after the next boot.
      hostname: running == configured ? running : "\(running) (after the next boot: \(configured ?? "none"))",
      machineID: try FileSystem.text("/etc/machine-id").filter { !$0.isWhitespace },
      operatingSystem: try Agent.osRelease(), bootID: try Boot.id(), uptimeSeconds: try Boot.uptime())
  }
}

extension Agent {

  static func runningHostname() throws(AgentError) -> String {
    try FileSystem.text("/proc/sys/kernel/hostname").filter { !$0.isWhitespace }
  }

  static func configuredHostname() throws(AgentError) -> String? {
    guard try FileSystem.entry("/etc/hostname")?.kind == .file else { return nil }
    let lines = try FileSystem.text("/etc/hostname").split(separator: "\n")
    return lines.first { !$0.hasPrefix("#") && !$0.allSatisfy(\.isWhitespace) }.map { $0.filter { !$0.isWhitespace } }
  }

  /// os-release(5). `/etc/os-release` is usually a link, so the file that it leads to is read.
  fileprivate static func osRelease() throws(AgentError) -> String {
    let path = try FileSystem.entry("/etc/os-release")?.kind == .file ? "/etc/os-release" : "/usr/lib/os-release"
    for line in try FileSystem.text(path).split(separator: "\n") where line.hasPrefix("PRETTY_NAME=") {
      return line.dropFirst("PRETTY_NAME=".count).filter { $0 != "\"" && $0 != "'" }
    }
    return "Linux"
  }
}

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

/// This boot of this machine, also where the machine is a container.
enum Boot {
  /// Another one after every boot.
  ///
  /// A container shares the kernel's boot id, or gets one of its own; when its PID 1 started tells it apart for sure.
  static func id() throws(AgentError) -> String {
    let kernel = try FileSystem.text("/proc/sys/kernel/random/boot_id").filter { !$0.isWhitespace }
    return "\(kernel)-\(try initStart())"
  }

  /// Seconds of `CLOCK_BOOTTIME`, which goes on while the machine sleeps and is never set: clock_gettime(2).
  static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_BOOTTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// How long this machine's PID 1 has been running. `/proc/uptime` in a container is the outer machine's.
  static func uptime() throws(AgentError) -> Double {
    max(0, now - Double(try initStart()) / Double(max(1, sysconf(Int32(_SC_CLK_TCK)))))
  }

  /// Clock ticks between the kernel's boot and the start of PID 1: proc_pid_stat(5), field 22.
  private static func initStart() throws(AgentError) -> UInt64 {
    guard let stat = ProcessStat(try FileSystem.text("/proc/1/stat")) else {
      throw AgentError(.invalid, "/proc/1/stat cannot be understood", next: "Check that /proc is mounted.")
    }
    return stat.startedAt
  }
}

// SPDX-License-Identifier: Apache-2.0
import Foundation
@testable import HostAccess
import TestKit
import Testing
import Wings

/// An sshd of the test's own on the loopback interface, with keys that live as long as it does.
final class SSHServer {
  let folder: TemporaryFolder
  let port: Int
  private let process: Process

  static let isPossible =
    geteuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/sbin/sshd")
    && FileManager.default.isExecutableFile(atPath: "/usr/bin/ssh")

  var configuration: String { folder.path + "/ssh_config" }
  /// Where the agent is copied to: this is a real machine, whose own folders are left alone.
  var agentFolder: String { folder.path + "/agents" }

  /// - Parameter address: one of this machine's own, that it listens at. ssh knows its key at 127.0.0.1.
  init(at address: String = "127.0.0.1") async throws {
    folder = try TemporaryFolder()
    port = TestPort.next()
    for name in ["host_key", "user_key", "other_key"] {
      try await Command.checked(
        "ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", "\(folder.path)/\(name)"], next: "")
    }
    // sshd's own folder for its unprivileged part.
    try FileSystem.makeFolder("/run/sshd")
    let text = { [path = folder.path] (name: String) in try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8) }
    _ = try folder.write(try text("user_key.pub"), "authorized_keys")
    _ = try folder.write("[127.0.0.1]:\(port) \(try text("host_key.pub"))", "known_hosts")
    _ = try folder.write(
      """
      ListenAddress \(address)
      Port \(port)
      HostKey \(folder.path)/host_key
      AuthorizedKeysFile \(folder.path)/authorized_keys
      PidFile none
      StrictModes no
      PermitRootLogin prohibit-password
      PasswordAuthentication no
      UsePAM no

      """, "sshd_config")
    try Self.configure(folder, port, key: "user_key", knownHosts: "known_hosts")
    process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/sbin/sshd")
    process.arguments = ["-D", "-e", "-f", "\(folder.path)/sshd_config"]
    process.standardError = FileHandle(forWritingAtPath: try folder.write("", "sshd.log"))
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let listening = try await eventually {
      (try? String(contentsOfFile: folder.path + "/sshd.log", encoding: .utf8))?.contains("listening") == true
    }
    try #require(listening, "sshd did not start")
  }

  func configure(key: String = "user_key", knownHosts: String = "known_hosts", port: Int? = nil, _ more: String = "")
    throws
  {
    try Self.configure(folder, port ?? self.port, key: key, knownHosts: knownHosts, more)
  }

  private static func configure(
    _ folder: TemporaryFolder, _ port: Int, key: String, knownHosts: String, _ more: String = ""
  ) throws {
    _ = try folder.write(
      """
      Host head1
        HostName 127.0.0.1
        Port \(port)
        IdentityFile \(folder.path)/\(key)
        IdentitiesOnly yes
        UserKnownHostsFile \(folder.path)/\(knownHosts)
        GlobalKnownHostsFile /dev/null
        \(more)

      """, "ssh_config")
  }

  /// - Parameter address: where the description says that it is. Nil: where ssh's configuration says so.
  func host(
    agent: String = AgentProgram.path, at address: String? = nil, formerly former: String? = nil,
    orAt others: [String] = [], voucher: @escaping @Sendable () async -> String? = { nil }
  ) -> SSHHost {
    SSHHost(
      id: "head1", target: "head1", hostName: address, formerHostName: { former }, otherHostNames: others,
      voucher: voucher, user: "root", configuration: configuration, agent: agent, catalog: .all,
      runDirectory: folder.path + "/run", agentFolder: agentFolder)
  }

  /// ssh as `host()` calls it.
  var program: SSHProgram {
    SSHProgram(
      host: "head1", target: "head1", user: "root", configuration: configuration, runDirectory: folder.path + "/run",
      agentFolder: agentFolder)
  }

  /// Ends the server and every connection to it, as a power cut of the host would.
  func cut() async throws {
    for child in try await Command.run("pgrep", ["-P", "\(process.processIdentifier)"]).text.split(separator: "\n") {
      for session in try await Command.run("pgrep", ["-P", "\(child)"]).text.split(separator: "\n") {
        if let pid = Int32(session) { kill(pid, SIGKILL) }
      }
      if let pid = Int32(child) { kill(pid, SIGKILL) }
    }
    stop()
  }

  func stop() {
    guard process.isRunning else { return }
    // A program that was started from a task has the signals of its thread blocked, SIGTERM among them.
    kill(process.processIdentifier, SIGKILL)
    // Not waitUntilExit(), which hears of the end by a socket: children of tests beside this one may hold a copy of it,
    // and wait in turn for what this one holds. The process is left for `Process` to reap.
    var ended = siginfo_t()
    while waitid(P_PID, id_t(process.processIdentifier), &ended, WEXITED | WNOWAIT) != 0, errno == EINTR {}
  }

  deinit { stop() }
}

/// The agent as it was built beside these tests.
enum AgentProgram {
  static var path: String {
    let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return URL(fileURLWithPath: tests).deletingLastPathComponent().appending(path: "cluster-agent").path
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

/// Runs programs as root on nodes, from a head, with the key of the heads. Each node has to show the host key that its
/// identity gave it; nobody's settings of ssh count.
package struct NodeLogin: Sendable {
  /// Bytes of each stream that are kept of one program.
  package static let kept = 1 << 20

  private static let begunBefore = "cluster-begun-before"

  private let key: String
  private let hostKeys: String
  private let port: Int?
  private let kept: Int

  /// - Parameter port: Nil: that of SSH.
  package init(
    key: String = WellKnown.nodeLoginKey, hostKeys: String = WellKnown.nodeHostKeys, port: Int? = nil,
    keeping kept: Int = NodeLogin.kept
  ) {
    self.key = key
    self.hostKeys = hostKeys
    self.port = port
    self.kept = kept
  }

  /// A program that has ended on a node.
  package struct Ended: Hashable, Sendable {
    /// As a shell would say. 255 is told as 254: that is how ssh says that it did not get there.
    package var status: Int32
    package var stdout: [UInt8]
    package var stderr: [UInt8]
    /// There was more output than was kept.
    package var isCut: Bool

    package var succeeded: Bool { status == 0 }
  }

  /// Runs a program on a node to its end. A non-zero status is a result, and not an error.
  ///
  /// - Parameters:
  ///   - argv: arrives on the node word for word.
  ///   - once: the node notes this name until it boots again, and runs no program for it a second time: `.conflict`.
  ///   - address: where the node is reached, whatever the names of this head say.
  ///   - deadline: the program is stopped after it.
  /// - Throws: where the program was not run, or nobody knows how it ended.
  package func run(
    _ argv: [String], on node: HostID, at address: IPv4Address, once: String? = nil, input: [UInt8] = [],
    deadline: Duration
  ) async throws(AgentError) -> Ended {
    // The program is stopped there only after this side has stopped waiting: then its status is never that of
    // timeout(1).
    let seconds = max(1, Int(deadline.components.seconds) + (deadline.components.attoseconds > 0 ? 1 : 0)) + 1
    let result: CommandResult
    do throws(AgentError) {
      result = try await Command.run(
        "ssh", arguments(argv, on: node, at: address, once: once, seconds: seconds), input: input, deadline: deadline,
        keeping: kept + 1)
    } catch {
      throw error.code == .deadline ? Self.late(argv, node, deadline, error) : error
    }
    if result.status == 255 { throw Self.explain(result.lastLines, node, address) }
    if once != nil, result.status == 254, result.errorText == Self.begunBefore + "\n" {
      throw AgentError(
        .conflict, "\(argv.first ?? "it") was begun on \(node) before, and nobody knows how it ended",
        next: "Look on \(node) what it has done. It is not run there a second time.")
    }
    return Ended(
      status: result.status, stdout: Array(result.stdout.prefix(kept)), stderr: Array(result.stderr.prefix(kept)),
      isCut: max(result.stdout.count, result.stderr.count) > kept)
  }

  /// The arguments of ssh(1).
  func arguments(
    _ argv: [String], on node: HostID, at address: IPv4Address, once: String? = nil, seconds: Int
  ) -> [String] {
    let options = [
      "BatchMode=yes", "StrictHostKeyChecking=yes", "HostKeyAlias=\(node.name)", "CheckHostIP=no",
      "GlobalKnownHostsFile=\(hostKeys)", "UserKnownHostsFile=none", "UpdateHostKeys=no",
      "HostKeyAlgorithms=ssh-ed25519", "IdentityFile=\(key)", "IdentitiesOnly=yes", "IdentityAgent=none",
      "PreferredAuthentications=publickey", "ConnectTimeout=5", "ConnectionAttempts=1", "ServerAliveInterval=5",
      "ServerAliveCountMax=3", "LogLevel=ERROR", "RequestTTY=no", "EscapeChar=none", "ForwardAgent=no",
      "ForwardX11=no", "ClearAllForwardings=yes", "ControlPath=none", "ControlMaster=no",
    ]
    // A shell on the node reads it. Statuses of programs and ssh's own are kept apart.
    let words = (["timeout", "--kill-after=5", "\(seconds)"] + argv).map(Command.shellWord).joined(separator: " ")
    let guarded = once.map { name in
      "mkdir -m 700 -- \(Command.shellWord("/run/cluster-once-\(name)")) 2> /dev/null"
        + " || { echo \(Self.begunBefore) >&2; exit 254; }; "
    }
    return ["-F", "none"] + (port.map { ["-p", "\($0)"] } ?? []) + options.flatMap { ["-o", $0] }
      + ["--", "root@\(address)", (guarded ?? "") + words + #"; s=$?; [ "$s" = 255 ] && s=254; exit "$s""#]
  }

  private static func late(
    _ argv: [String], _ node: HostID, _ deadline: Duration, _ error: AgentError
  ) -> AgentError {
    AgentError(
      .deadline, "\(argv.first ?? "a program") did not end on \(node) within \(deadline)", cause: error.cause,
      next: "Find out on \(node) what it waits for; it is stopped there.")
  }

  /// The meaning of ssh's own words.
  private static func explain(_ text: String, _ node: HostID, _ address: IPv4Address) -> AgentError {
    func says(_ words: String...) -> Bool { words.contains { text.contains($0) } }
    let cause = text.isEmpty ? nil : text
    if says("HOST IDENTIFICATION HAS CHANGED", "Host key verification failed", "host key is known", "host key type") {
      return AgentError(
        .hostKey, "\(node) does not show the host key that the heads gave it", cause: cause,
        next: "Find out which machine is at \(address). If it is the node, run `systemctl restart cluster-identity` "
          + "there: it booted without its identity.")
    }
    if says("Permission denied", "Too many authentication failures") {
      return AgentError(
        .authentication, "\(node) does not let the heads in", cause: cause,
        next: "Run `systemctl restart cluster-identity` there, or restart it: it has not got the heads' key yet. "
          + "An sshd_config of its image's own must leave AuthorizedKeysFile and PermitRootLogin as they are.")
    }
    return AgentError(
      .unreachable, "\(node) cannot be reached at \(address)", cause: cause,
      next: "Check that it is on: `cluster status`.")
  }
}

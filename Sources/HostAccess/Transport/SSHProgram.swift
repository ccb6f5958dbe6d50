// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// How ssh(1) is called for one host. What runs on the other side is always one of a few fixed lines: ssh joins its
/// arguments for a remote shell, so nothing from the spec may be in them.
struct SSHProgram: Hashable, Sendable {
  let host: HostID
  let target: String
  var hostName: String?
  /// Whose key the host has to show, as known_hosts names it. Nil: that of the address.
  var keyName: String?
  /// The address is one on another network than the host is reached by. A key that is not known is refused there,
  /// whatever the user's configuration says (`StrictHostKeyChecking accept-new`). It is waited for half as long, so
  /// that a head that is off is known to be silent everywhere within the 20 s that `status` waits.
  var isOtherAddress = false
  let user: String
  let configuration: String?
  let runDirectory: String
  let agentFolder: String

  /// Where the agent with this digest lies on the host: a copy of another version is never in its place.
  func agent(_ digest: String) -> String { "\(agentFolder)/agent-\(digest.prefix(16))" }

  /// unix(7): a socket's path has at most 107 bytes, and ssh first binds it with 17 more.
  var socket: String { "\(runDirectory)/\(host.name.prefix(40))" }

  /// The arguments of the connection that all others go through.
  func master(_ command: [String]) -> [String] {
    arguments(["ControlMaster=yes", "ControlPersist=no"], command)
  }

  /// The arguments of a session in that connection. With the connection gone it fails at once: the proxy, which a
  /// session never uses, stops ssh from connecting by itself.
  func session(_ command: [String]) -> [String] {
    arguments(["ControlMaster=no", "ProxyJump=none", "ProxyCommand=false"], command)
  }

  /// Runs a program as root on the host, in that connection. The words are fixed or made of hexadecimal digits: the
  /// remote shell finds nothing to interpret.
  func remote(
    _ words: [String], input: [UInt8] = [], deadline: Duration = .seconds(30)
  ) async throws(AgentError) -> CommandResult {
    try await Command.run("ssh", session(asRoot(words)), input: input, deadline: deadline)
  }

  /// Takes away what a copy has left that did not succeed. Whether that can be done says nothing new: what went wrong
  /// before is what the user must know.
  func discard(_ path: String) async {
    _ = try? await remote(["rm", "-f", path], deadline: .seconds(10))
  }

  /// The arguments of a connection of its own, which shares nothing with the one that stands.
  func alone(_ command: [String]) -> [String] {
    arguments(["ControlMaster=no"], command, controlPath: "none")
  }

  /// To print ssh's own settings for the host: ssh(1) `-G`.
  var settings: [String] { (configuration.map { ["-F", $0] } ?? []) + ["-G", "--", target] }

  func exit() -> [String] {
    (configuration.map { ["-F", $0] } ?? []) + ["-S", socket, "-O", "exit", "--", target]
  }

  /// The options of a connection of its own, for a program that calls ssh itself and names the host.
  var options: [String] { options(["ControlMaster=no"], controlPath: "none") }

  private func arguments(_ options: [String], _ command: [String], controlPath: String? = nil) -> [String] {
    self.options(options, controlPath: controlPath) + ["--", target] + command
  }

  private func options(_ options: [String], controlPath: String?) -> [String] {
    var all = [
      "BatchMode=yes", "ConnectTimeout=\(isOtherAddress ? 5 : 10)", "ConnectionAttempts=1", "ServerAliveInterval=5",
      "ServerAliveCountMax=3",
      "LogLevel=ERROR", "RequestTTY=no", "EscapeChar=none", "ForwardAgent=no", "ForwardX11=no",
      "ClearAllForwardings=yes", "PermitLocalCommand=no", "RemoteCommand=none", "User=\(user)",
      "ControlPath=\(controlPath ?? socket)",
      // Secrets go over it, and looking at a host must not make anybody's key the host's.
      "StrictHostKeyChecking=yes",
    ]
    if let hostName { all.append("HostName=\(hostName)") }
    if let keyName { all.append("HostKeyAlias=\(keyName)") }
    all += options
    return (configuration.map { ["-F", $0] } ?? []) + all.flatMap { ["-o", $0] }
  }

  /// The meaning of ssh's own failure (status 255), which ssh gives in words only.
  func explain(_ text: String) -> AgentError {
    let name = "\(user)@\(hostName ?? target)"
    let cause = text.split(whereSeparator: \.isNewline).suffix(4).joined(separator: "\n")
    func says(_ words: String...) -> Bool { words.contains { text.contains($0) } }
    let way = configuration.map { "ssh -F \($0) \(target)" } ?? "ssh \(name)"
    if says("REMOTE HOST IDENTIFICATION HAS CHANGED") {
      return AgentError(
        .hostKey, "\(host) shows another host key than before", cause: cause,
        next:
          "If the host was reinstalled, remove the old key with `ssh-keygen -R \(hostName ?? target)`. "
          + "If it was not, someone may be intercepting the connection: find out before you continue.")
    }
    if says("Host key verification failed", "host key is known", "No matching host key") {
      return AgentError(
        .hostKey, "The host key of \(host) is not known", cause: cause,
        next: "Run `\(way)` once, compare the key with the one on the machine, and accept it.")
    }
    if says("Permission denied", "Too many authentication failures", "No supported authentication") {
      return AgentError(
        .authentication, "\(host) refused to let \(user) in", cause: cause,
        next: "Put your public key into ~\(user)/.ssh/authorized_keys on \(host), or load its private key into "
          + "ssh-agent; `\(way)` must work without a question.")
    }
    if says("Bad owner or permissions", "Bad configuration option", "bad configuration", "Can't open user config") {
      return AgentError(
        .invalid, "ssh does not accept its configuration", cause: cause,
        next: "Put \(configuration ?? "~/.ssh/config") right, until `\(way)` works.")
    }
    if says("Could not resolve hostname") {
      return AgentError(
        .unreachable, "The name of \(host) leads to no address", cause: cause,
        next: "Give \(hostName ?? target) an address in DNS, /etc/hosts or ~/.ssh/config.")
    }
    return AgentError(
      .unreachable, "\(host) cannot be reached over SSH", cause: cause.isEmpty ? nil : cause,
      next: "Check that \(host) is powered on, that \(hostName ?? target) is its address, and that sshd runs there.")
  }
}

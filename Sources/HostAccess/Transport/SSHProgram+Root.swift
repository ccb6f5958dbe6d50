// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// How a user who is not root becomes root on a host: by sudo(8), which is never given a password.
extension SSHProgram {
  /// The words of a program that has to be root's. In English: what sudo refuses is known by its words.
  func asRoot(_ words: [String]) -> [String] {
    user == "root" ? words : ["env", "LC_ALL=C", "sudo", "-n", "-H", "--"] + words
  }

  /// The meaning of sudo's own failure. Nil: sudo did not say this, or is not asked.
  func explainSudo(_ status: Int32, _ text: String) -> AgentError? {
    guard user != "root", status != 0, status != 255 else { return nil }
    let lines = text.split(whereSeparator: \.isNewline).suffix(4)
    let cause = lines.joined(separator: "\n")
    if lines.contains(where: { $0.hasPrefix("env:") && $0.contains("sudo") }) {
      return AgentError(
        .permission, "\(host) has no sudo for \(user)", cause: cause,
        next: "As root on \(host), run `apt-get install sudo`, and write \(rule); or set `access.ssh.user` to root.")
    }
    let refusals = [
      "a password is required", "a terminal is required", "must have a tty", "not in the sudoers file",
      "is not allowed to", "may not run sudo", "command not allowed", "a valid password", "account validation failure",
    ]
    if refusals.contains(where: text.contains) {
      return AgentError(
        .permission, "\(user) may not become root on \(host) without a password", cause: cause,
        next: "As root on \(host), write \(rule). Passwords are never asked for.")
    }
    // sudo's words for a program that it cannot start.
    if lines.contains(where: {
      $0.hasPrefix("sudo: ") && ($0.hasSuffix(": command not found") || $0.contains("unable to execute"))
    }) {
      return AgentError(.notFound, "The agent is not on \(host)", cause: cause, next: "Copy the agent to the host.")
    }
    return nil
  }

  private var rule: String {
    "`\(user) ALL=(root) NOPASSWD: ALL` into /etc/sudoers.d/cluster (`visudo -f /etc/sudoers.d/cluster`)"
  }
}

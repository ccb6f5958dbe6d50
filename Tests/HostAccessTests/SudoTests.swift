// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Testing

@testable import HostAccess

/// The words of sudo(8) 1.9, and what is made of them.
struct SudoTests {
  private func program(_ user: String) -> SSHProgram {
    SSHProgram(
      host: "head1", target: "head1", user: user, configuration: nil, runDirectory: "/run/x",
      agentFolder: "/usr/lib/cluster")
  }

  @Test func onlyRootNeedsNone() {
    #expect(program("root").asRoot(["a", "b"]) == ["a", "b"])
    #expect(program("ops").asRoot(["a"]) == ["env", "LC_ALL=C", "sudo", "-n", "-H", "--", "a"])
    #expect(program("root").explainSudo(1, "sudo: a password is required") == nil)
  }

  @Test(arguments: [
    "sudo: a password is required", "ops is not in the sudoers file.",
    "Sorry, user ops is not allowed to execute '/usr/bin/mkdir -p /usr/lib/cluster' as root on head1.",
    "sudo: sorry, you must have a tty to run sudo",
    "sudo: a terminal is required to read the password; either use the -S option\nsudo: a password is required",
  ])
  func aRefusalSaysWhatToWrite(_ words: String) throws {
    let error = try #require(program("ops").explainSudo(1, words))
    #expect(error.code == .permission && error.message == "ops may not become root on head1 without a password")
    #expect(error.next.contains("`ops ALL=(root) NOPASSWD: ALL`"))
  }

  @Test func whatIsNotThereIsToldApart() {
    let ops = program("ops")
    #expect(ops.explainSudo(127, "env: 'sudo': No such file or directory")?.message == "head1 has no sudo for ops")
    #expect(ops.explainSudo(1, "sudo: /usr/lib/cluster/agent-1: command not found")?.code == .notFound)
    #expect(ops.explainSudo(1, "dd: failed to open: No space left on device") == nil)
    #expect(ops.explainSudo(255, "sudo: a password is required") == nil, "ssh's own end")
    #expect(ops.explainSudo(0, "sudo: a password is required") == nil)
  }
}

// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import HostAccess
import Testing

@testable import cluster

/// `cluster lab shell HEAD -- ARGS`: what arrives on the head is what was typed here.
@Suite struct LabShellTests {
  private func words(_ typed: [String]) throws -> [String] {
    try #require(try ClusterCommand.parseAsRoot(["lab", "shell", "head1"] + typed) as? LabShellCommand).remoteWords
  }

  /// sshd gives the words, joined with spaces, to a shell.
  @Test func argumentsStayApart() async throws {
    let typed = ["printf", "%s\\n", "a  b", "it's", "", "$HOME", "*", "--", "a;b\nc"]

    let line = try words(["--"] + typed).joined(separator: " ")

    let result = try await Command.run("sh", ["-c", line])
    #expect(result.text == typed.dropFirst(2).map { $0 + "\n" }.joined(), "\(line)")
  }

  @Test func withoutACommandItIsALogin() throws {
    #expect(try words([]) == [])
    #expect(try words(["--"]) == [])
  }
}

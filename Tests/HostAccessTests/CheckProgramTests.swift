// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import Testing
import Wings

@testable import HostAccess

/// Programs of checks as a machine really runs them.
@Suite(.serialized, .timeLimit(.minutes(1))) struct CheckProgramTests {

  private func goal(
    _ script: String? = nil, _ words: [String] = ["a b", "$HOME"], account: SetCheck.Account = .root,
    seconds: Int = 1
  ) -> CheckGoal {
    CheckGoal(
      check: CheckID("a", "c"), token: "r", parts: [.init(machine: "head1", words: words)],
      script: script.map { CheckScript(path: "p", contents: .text($0)) }, account: account, seconds: seconds)
  }

  private func run(_ goal: CheckGoal) async throws -> CommandResult {
    let (argv, input) = goal.command(goal.parts[0], on: "head1")
    return try await Command.run(argv[0], Array(argv.dropFirst()), input: input, deadline: .seconds(20))
  }

  private func folders() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "/tmp").filter { $0.hasPrefix("cluster-check.") }
  }

  @Test func aScriptIsRunWithItsWordsAndLeavesNothing() async throws {
    let before = try folders()
    let result = try await run(
      goal("#!/bin/sh\necho \"$#\" \"$1\" \"$2\"; env | sort | cut -d= -f1 | tr '\\n' ' '\nexit 3\n", seconds: 15))
    #expect(result.status == 3, "\(result.errorText)")
    let lines = result.text.split(separator: "\n")
    #expect(lines.first == "2 a b $HOME")
    #expect(
      lines.last?.split(separator: " ").filter { $0 != "OLDPWD" && $0 != "_" } == [
        "HOME", "LC_ALL", "LOGNAME", "PATH", "PWD", "USER",
      ])
    #expect(try folders() == before)
  }

  @Test func oneThatHangsIsStoppedAndLeavesNothing() async throws {
    let before = try folders()
    let goal = goal("#!/bin/sh\necho begun\nsleep 600 & sleep 600\n")
    let began = ContinuousClock.now
    let result = try await run(goal)
    let milliseconds = Int((ContinuousClock.now - began) / .milliseconds(1))
    let judged = goal.judged(
      goal.parts[0], status: result.status, stdout: result.stdout, stderr: result.stderr, milliseconds: milliseconds)
    #expect(judged.status == .failed && judged.detail == "it did not end within 1 s" && judged.output.contains("begun"))
    #expect(try folders() == before)
  }

  @Test func oneWithoutItsAccountIsSkipped() async throws {
    let goal = goal(nil, ["true"], account: .user)
    guard geteuid() == 0, getpwnam(TestAccount.name) == nil else { return }
    let result = try await run(goal)
    let judged = goal.judged(
      goal.parts[0], status: result.status, stdout: result.stdout, stderr: result.stderr, milliseconds: 1)
    #expect(judged.status == .skipped, "\(result.errorText)")
  }
}

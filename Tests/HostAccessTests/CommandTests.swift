// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Testing

@Suite struct CommandTests {
  @Test func givesStatusAndBothOutputs() async throws {
    let result = try await Command.run("sh", ["-c", "echo out; echo err >&2; exit 3"])

    #expect(result.status == 3)
    #expect(result.text == "out\n")
    #expect(result.errorText == "err\n")
  }

  @Test func handsOverInputAndEnvironment() async throws {
    let result = try await Command.run("sh", ["-c", "cat; echo $A $LC_ALL"], environment: ["A": "b"], input: [65, 10])

    #expect(result.text == "A\nb C\n")
  }

  @Test func inputThatIsNotReadIsNoError() async throws {
    let result = try await Command.run("true", [], input: [UInt8](repeating: 65, count: 1 << 20))

    #expect(result.status == 0)
  }

  @Test func argumentsAreNotInterpreted() async throws {
    #expect(try await Command.run("echo", ["$HOME;*"]).text == "$HOME;*\n")
  }

  @Test func saysWhatIsNotInstalled() async {
    await #expect { try await Command.run("no-such-program", []) } throws: { ($0 as? AgentError)?.code == .notFound }
  }

  @Test func aFailureShowsTheLastWords() async {
    await #expect { try await Command.checked("sh", ["-c", "echo oh >&2; exit 1"], next: "x") } throws: {
      ($0 as? AgentError)?.cause == "oh" && ($0 as? AgentError)?.code == .commandFailed
    }
  }

  @Test func theDeadlineEndsTheWholeGroup() async throws {
    let folder = try TemporaryFolder()
    let mark = folder.path + "/pid"

    // A sleep that nobody ends would outlast the test's own limit.
    await #expect {
      try await Command.run("sh", ["-c", "sleep 100000 & echo $! > \(mark); wait"], deadline: .seconds(3))
    } throws: { ($0 as? AgentError)?.code == .deadline }

    let pid = try #require(Int32(try String(contentsOfFile: mark, encoding: .utf8).filter(\.isNumber)))
    // Killed at the latest when the group's leader is; the kernel may take a moment to bury it.
    let gone = try await eventually { kill(pid, 0) != 0 || isZombie(pid) }
    #expect(gone)
  }

  @Test func cancellingEndsIt() async {
    let task = Task { try await Command.run("sleep", ["60"]) }
    task.cancel()

    await #expect { try await task.value } throws: { ($0 as? AgentError)?.code == .cancelled }
  }

  @Test func linesComeWhileItRuns() async throws {
    let (lines, line) = AsyncStream<String>.makeStream()
    _ = try await Command.run("printf", ["a\\nb\\nc"]) { line.yield($0) }
    line.finish()

    #expect(await lines.reduce(into: []) { $0.append($1) } == ["a", "b", "c"])
  }

  private func isZombie(_ pid: Int32) -> Bool {
    (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8))?.contains(") Z ") == true
  }
}

/// Whether something becomes so within half a minute: on a busy machine sshd takes more than ten seconds to start.
func eventually(_ condition: () -> Bool) async throws -> Bool {
  for _ in 0..<1500 {
    if condition() { return true }
    try await ContinuousClock().sleep(for: .milliseconds(20))
  }
  return false
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Wings

@testable import Execution

/// A folder with a journal, gone when the test is over.
final class Fixture {
  let folder: URL
  let journal: Journal

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "journal-\(UUID())")
    journal = try Journal(path: folder.appending(path: "journal.sqlite").path)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func executor(_ hosts: [ScriptedHost], events: AsyncStream<RunEvent>.Continuation? = nil) -> Executor<ContinuousClock>
  {
    var policy = ExecutionPolicy()
    policy.backoff = .milliseconds(1)
    return executor(hosts, policy: policy, clock: ContinuousClock(), events: events)
  }

  func executor<C: Clock>(
    _ hosts: [ScriptedHost], policy: ExecutionPolicy = ExecutionPolicy(), clock: C,
    events: AsyncStream<RunEvent>.Continuation? = nil
  ) -> Executor<C> where C.Duration == Duration {
    Executor(
      hosts: Dictionary(uniqueKeysWithValues: hosts.map { ($0.id, $0) }), secrets: NoSecrets(), journal: journal,
      policy: policy, clock: clock, now: { 1_000 }, events: events)
  }
}

extension Executor {
  /// One plan under a lease of its own, perhaps more than once. What came of it last.
  func run(
    _ plan: Plan, as run: String, holder: String, rounds: Int = 1
  ) async throws(ExecutionError) -> RunOutcome {
    let result = try await holding(run, by: holder) { lease in
      do throws(ExecutionError) {
        for _ in 1..<rounds { _ = try await lease.carryOut(plan) }
        return Result<RunOutcome, ExecutionError>.success(try await lease.carryOut(plan))
      } catch { return .failure(error) }
    }
    return try result.get()
  }
}

extension Step {
  /// Writes a file named after the step.
  static func write(_ name: String, on host: HostID = "head1", after: [String] = []) -> Step {
    Step(
      id: StepID(name), resource: ResourceID("text", on: host, name), host: host,
      operation: AnyOperation(EnsureFile(FileGoal(path: "/\(name)", contents: .text(name)))),
      after: after.map { StepID($0) },
      disruption: .none, because: "a test", source: nil, changes: [], destructive: false)
  }
}

extension RunOutcome {
  /// `a changed`, `b failed` …
  var words: [String] { steps.map { "\($0.step) \($0.word)" } }
}

extension AgentError {
  static let full = AgentError(.diskFull, "no space", next: "Make room.")
  static let silent = AgentError(.unreachable, "no answer", next: "Power it on.")
  static let lost = AgentError(.connectionLost, "the connection broke", next: "Look again.")
}

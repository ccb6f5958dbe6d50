// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// Waiting for what the system gives no event for.
enum Poll {
  static func until(
    _ limit: Duration, every: Duration = .milliseconds(20), _ what: String,
    _ condition: () async throws(AgentError) -> Bool
  ) async throws(AgentError) {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
      guard ContinuousClock.now < deadline else {
        throw AgentError(.deadline, "It took longer than \(limit) until \(what)", next: "Try again, or read the logs.")
      }
      try await pause(every)
    }
  }

  static func pause(_ length: Duration) async throws(AgentError) {
    do {
      try await ContinuousClock().sleep(for: length)
    } catch {
      throw AgentError(.cancelled, "The lab was stopped", next: "Run `cluster lab down` to clean up.")
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

extension Agent {
  package func lease() async throws(AgentError) -> LeaseState {
    var state = try await leases.state()
    state.pending = try deadMan.pending()
    return state
  }

  package func claim(_ run: RunToken) async throws(AgentError) {
    try await leases.claim(run)
    try await deadMan.undoIfOverdue()
  }

  package func release(_ run: RunToken) async throws(AgentError) { try await leases.release(run) }

  /// Does the work while the run holds the lease.
  ///
  /// The agent itself keeps the lease alive meanwhile: should the control machine die in the middle of a long
  /// operation, no other run may begin beside it.
  func holding(
    _ run: RunToken, _ work: @escaping @Sendable () async throws(AgentError) -> Outcome
  ) async throws(AgentError) -> Outcome {
    let mark = try await leases.workingMark()
    defer { withExtendedLifetime(mark) {} }
    try await leases.use(run)
    let result = await withTaskGroup(of: Result<Outcome, AgentError>?.self) { group in
      group.addTask {
        do throws(AgentError) { return .success(try await work()) } catch { return .failure(error) }
      }
      group.addTask {
        while true {
          do { try await ContinuousClock().sleep(for: .seconds(max(1, run.leaseSeconds / 3))) } catch { return nil }
          // Only fails when the run gave the lease back, or the disk is full; the work itself then tells.
          do throws(AgentError) { try await leases.use(run) } catch { return nil }
        }
      }
      var result: Result<Outcome, AgentError>?
      while result == nil, let next = await group.next() { result = next }
      group.cancelAll()
      return result
    }
    guard let result else { throw .stopped }
    return try result.get()
  }
}

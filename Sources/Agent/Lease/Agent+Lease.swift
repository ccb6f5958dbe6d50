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
    try await clearAway()
  }

  /// Takes away what a run that was killed has left lying about and no run needs: captures, which hold all that a head
  /// is made of, and the word to packages that no daemon starts. Not while an operation is at work here.
  private func clearAway() async throws(AgentError) {
    guard let idle = try leases.idleMark() else { return }
    defer { withExtendedLifetime(idle) {} }
    try await CaptureStore.removeCaptures()
    try DaemonStarts.allow()
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

/// A turn among agents that are asked for the very same operation: one of them is at it at a time.
///
/// An operation goes on when the connection that it came over is lost. Asked for again over the next connection, it
/// must not run twice at once: a node would be switched off by one while the other waits for it to come up.
final class OperationTurn: Sendable {
  private static let folder = "/run/cluster/operations"
  private let lock: FileLock

  private init(_ lock: consuming FileLock) { self.lock = lock }

  /// Waits as long as the operation may take: whoever asked has a deadline of its own, and cancels.
  static func taken(
    for operation: AnyOperation, _ progress: @Sendable (String) -> Void
  ) async throws(AgentError) -> OperationTurn {
    let path = "\(folder)/\(try name(of: operation))"
    if let lock = try FileLock(path) { return OperationTurn(lock) }
    progress("waiting for an agent that is at this already")
    let turn = try await poll(until: .seconds(2 * 3600), every: .milliseconds(200)) {
      () throws(AgentError) -> OperationTurn? in
      guard let lock = try FileLock(path) else { return nil }
      return OperationTurn(lock)
    }
    if let turn { return turn }
    throw AgentError(
      .deadline, "Another agent is at this operation and does not end",
      next: "Look for hung agents: `pgrep -fa agent-` on the host.")
  }

  /// Whether an agent is at it.
  static func isTaken(for operation: AnyOperation) throws(AgentError) -> Bool {
    try FileLock("\(folder)/\(name(of: operation))") == nil
  }

  private static func name(of operation: AnyOperation) throws(AgentError) -> String {
    SHA256.hex(try operation.steadyText)
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Runs `work`, and cancels it when it takes longer than `limit`; then it throws `late`, whatever the work says.
///
/// The work is waited for also after its deadline, so it must end soon when it is cancelled.
package func withDeadline<Value: Sendable, C: Clock>(
  _ limit: Duration, clock: C, orThrow late: AgentError,
  _ work: @escaping @Sendable () async throws(AgentError) -> Value
) async throws(AgentError) -> Value where C.Duration == Duration {
  let result = await withTaskGroup(of: Result<Value, AgentError>?.self) { group in
    group.addTask {
      do throws(AgentError) { return .success(try await work()) } catch { return .failure(error) }
    }
    group.addTask {
      // Nil: the sleep was cancelled, because the work is done or the caller has been cancelled.
      (try? await clock.sleep(until: clock.now.advanced(by: limit), tolerance: nil)).map { .failure(late) }
    }
    var result: Result<Value, AgentError>?
    while result == nil, let next = await group.next() { result = next }
    group.cancelAll()
    return result ?? .failure(late)
  }
  return try result.get()
}

/// Runs `body` to its end, also when the caller is cancelled meanwhile or already.
///
/// For what must not be left half-way: a step in flight is finished and recorded, and GRDB rolls back what a cancelled
/// task writes (GRDB 7 migration guide), so the record of an effect would be lost. Runs where the caller runs.
package func uncancelled<Value: Sendable, Problem: Error>(
  _ body: @escaping @Sendable () async throws(Problem) -> Value
) async throws(Problem) -> Value {
  // A task of its own prefers no executor, unlike a child task (SE-0417).
  let executor = withUnsafeCurrentTask { $0?.unownedTaskExecutor?.asTaskExecutor() }
  let result = await Task(executorPreference: executor) { () -> Result<Value, Problem> in
    do throws(Problem) { return .success(try await body()) } catch { return .failure(error) }
  }.value
  return try result.get()
}

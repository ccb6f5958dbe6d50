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

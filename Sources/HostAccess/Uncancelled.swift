// SPDX-License-Identifier: Apache-2.0

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

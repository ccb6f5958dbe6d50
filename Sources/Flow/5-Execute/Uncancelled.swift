// SPDX-License-Identifier: Apache-2.0

/// Runs `body` to its end, also when the caller is cancelled meanwhile.
///
/// The one place with an unstructured task: a step in flight must be finished and recorded, and GRDB rolls back what a
/// cancelled task writes (GRDB 7 migration guide), so the record of an effect would be lost.
func uncancelled<Value: Sendable>(
  _ body: @escaping @Sendable () async throws(ExecutionError) -> Value
) async throws(ExecutionError) -> Value {
  let result = await Task {
    do throws(ExecutionError) { return Result<Value, ExecutionError>.success(try await body()) } catch {
      return .failure(error)
    }
  }.value
  return try result.get()
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// Asks again and again until something is so. For things that send no word when they change: a unit that starts, an
/// address that appears, a lock that others hold. Everything else is awaited.
///
/// - Returns: the last answer of `ask`, or nil when none came before the deadline.
func poll<Value, C: Clock>(
  until deadline: Duration, every interval: Duration = .milliseconds(100), clock: C = ContinuousClock(),
  _ ask: () async throws(AgentError) -> Value?
) async throws(AgentError) -> Value? where C.Duration == Duration {
  let end = clock.now.advanced(by: deadline)
  while true {
    if let value = try await ask() { return value }
    guard clock.now < end else { return nil }
    do { try await clock.sleep(until: clock.now.advanced(by: interval), tolerance: nil) } catch { throw .stopped }
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// Who may change a host, and the newest generation that ever could: the rules of the agent's lease book.
package struct FakeLease: Hashable, Codable, Sendable {
  private var newestGeneration = 0
  private var token: RunToken?
  private var ends = 0

  package init() {}

  package func state(now: Int) -> LeaseState {
    let left = token == nil ? 0 : max(0, ends - now)
    return LeaseState(newestGeneration: newestGeneration, holder: left > 0 ? token : nil, secondsLeft: left)
  }

  /// - Parameter isAtWork: an operation is being done on the host, for whatever run.
  package mutating func claim(_ run: RunToken, now: Int, isAtWork: Bool = false) throws(AgentError) {
    try refuseStale(run)
    if let token, token.run != run.run, ends > now, token.base != run.base || isAtWork { throw held(token, now) }
    grant(run, now)
  }

  /// A lease from before the last boot is over.
  package mutating func restart() { (token, ends) = (nil, 0) }

  /// Before an operation, and while it goes on. A lease that ran out has to be claimed again.
  package mutating func renew(_ run: RunToken, now: Int) throws(AgentError) {
    try refuseStale(run)
    if let token, token.run != run.run, ends > now { throw held(token, now) }
    guard let token, token.run == run.run, ends > now else {
      throw AgentError(
        .leaseHeld, "Run \(run.run) does not hold this host's lease", next: "Run `cluster apply` again.")
    }
    grant(run, now)
  }

  package mutating func release(_ run: RunToken) {
    guard token?.base == run.base else { return }
    (token, ends) = (nil, 0)
  }

  private mutating func grant(_ run: RunToken, _ now: Int) {
    newestGeneration = max(newestGeneration, run.generation)
    token = run
    ends = now + run.leaseSeconds
  }

  private func refuseStale(_ run: RunToken) throws(AgentError) {
    if run.generation >= newestGeneration { return }
    throw AgentError(
      .staleGeneration, "Run \(run.run) has generation \(run.generation), and this host has seen \(newestGeneration)",
      next: "Another run came after this one. Check `cluster log`, then plan and apply again.")
  }

  private func held(_ other: RunToken, _ now: Int) -> AgentError {
    AgentError(
      .leaseHeld, "Run \(other.run) of \(other.holder) is at work on this host, for another \(ends - now) s at least",
      next: "Wait for it to end. If it has died, its lease expires in \(ends - now) s.")
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// The run that holds the lease of a head, as far as it is known from here.
package struct LeaseHolder: Hashable, Sendable {
  /// Whether its process still runs. Only that of a run of this machine is known.
  package enum Life: Hashable, Sendable { case alive, dead, unknown }

  package var token: RunToken
  package var host: HostID
  /// How long it has been at work. Nil when the host does not tell.
  package var heldSeconds: Int?
  package var secondsLeft: Int
  package var life: Life

  package init?(_ state: LeaseState, on host: HostID, life: Life) {
    guard let token = state.holder else { return nil }
    self.token = token
    self.host = host
    heldSeconds = state.heldSeconds
    secondsLeft = state.secondsLeft
    self.life = life
  }

  var error: AgentError {
    let since = heldSeconds.map { ", for \($0) s now" } ?? ""
    let known =
      switch life {
      case .alive: "; its process runs on this machine"
      case .dead: "; its process has ended"
      case .unknown: ""
      }
    return AgentError(
      .leaseHeld, "run \(token.run) of \(token.holder) is at work on \(host)\(since)\(known)",
      next:
        "Wait for it to end, or let --lock-timeout SECONDS wait. If it has died, its lease expires "
        + "in \(secondsLeft) s.")
  }
}

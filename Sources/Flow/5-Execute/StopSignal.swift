// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Synchronization

/// Tells a run to start nothing more. The first reason stays.
final class StopSignal: Sendable {
  private let state = Mutex<(reason: RunOutcome.Result, words: String)?>(nil)

  func raise(_ reason: RunOutcome.Result, _ words: String) {
    state.withLock { $0 = $0 ?? (reason, words) }
  }

  var reason: RunOutcome.Result? { state.withLock { $0?.reason } }
  var words: String { state.withLock { $0?.words } ?? "" }
}

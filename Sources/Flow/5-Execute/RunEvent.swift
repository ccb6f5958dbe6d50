// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// What happens in a run, for whoever watches it. Losing one loses nothing: the journal and the outcome hold it all.
package enum RunEvent: Sendable {
  /// The journal shows a run that ended without saying so.
  case foundInterrupted(InterruptedRun)
  case began(RunToken, steps: Int)
  case started(Step)
  case progress(StepID, String)
  /// What steps wait for whose operations have done their part, as seen just now.
  case expecting([StepID: Wait])
  /// The host could not be reached; it is tried again after a while.
  case retrying(StepID, attempt: Int, of: Int, AgentError, after: Duration)
  /// A change of the way to a host could not be confirmed yet over a new connection.
  case unconfirmed(StepID, AgentError, undoneIn: Duration)
  /// Another run is at work; this one waits for it. Who it is, and how long it is waited for at most.
  case lockHeld(String, waitingFor: Duration)
  /// A change of an earlier run waits on a host; it is confirmed or undone before this run begins.
  case waiting(HostID, PendingChange)
  /// A head cannot be asked for its lease, and another run may be at work on it. Why it cannot, and how long it is
  /// waited for at most.
  case headSilent(HostID, AgentError, waitingFor: Duration)
  /// The run begins without the lease of a head on which nothing can be at work.
  case without(HostID)
  case finished(StepReport)
  case blocked(StepReport)
  /// The lease could not be renewed on a head. The run goes on; the next renewal may succeed.
  case leaseInDoubt(HostID, AgentError)
  /// No further step is started.
  case stopping(String)
  case ended(RunOutcome)
}

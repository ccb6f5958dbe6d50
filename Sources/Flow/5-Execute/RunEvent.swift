// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Synchronization

/// The events of a run, for those who watch it. Losing one loses nothing: the journal and the outcome hold it all.
package enum RunEvent: Sendable {
  /// The journal shows a run that ended without saying so.
  case foundInterrupted(InterruptedRun)
  case began(RunToken, steps: Int)
  case started(Step)
  case progress(StepID, String)
  /// The waits of steps whose operations have done their part, as just observed.
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

/// Names of runs: `20261121-014502-7f3a91`, in UTC, so that they sort by time and people can say them.
package enum RunName {
  /// - Parameter now: seconds since 1970.
  package static func make(now: Int, using generator: inout some RandomNumberGenerator) -> String {
    let (days, second) = (Int((Double(now) / 86400).rounded(.down)), ((now % 86400) + 86400) % 86400)
    let (year, month, day) = civil(days)
    let suffix = String(UInt32.random(in: 0..<0x100_0000, using: &generator), radix: 16)
    return digits(year, 4) + digits(month, 2) + digits(day, 2) + "-"
      + digits(second / 3600, 2) + digits(second / 60 % 60, 2) + digits(second % 60, 2) + "-"
      + String(repeating: "0", count: 6 - suffix.count) + suffix
  }

  private static func digits(_ value: Int, _ width: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }

  /// Year, month and day of a day counted from 1970-01-01 (Howard Hinnant, "chrono-compatible low-level date
  /// algorithms", civil_from_days), for days from year 0 on.
  private static func civil(_ days: Int) -> (Int, Int, Int) {
    let shifted = days + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
  }
}

/// Tells a run to start nothing more. The first reason stays.
final class StopSignal: Sendable {
  private let state = Mutex<(reason: RunOutcome.Result, words: String)?>(nil)

  func raise(_ reason: RunOutcome.Result, _ words: String) {
    state.withLock { $0 = $0 ?? (reason, words) }
  }

  var reason: RunOutcome.Result? { state.withLock { $0?.reason } }
  var words: String { state.withLock { $0?.words } ?? "" }
}

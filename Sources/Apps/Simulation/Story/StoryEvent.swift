// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Execution
import HostAccess

/// Something that happened in a simulated site. Kept as it is, and put into words only when somebody reads it.
package enum StoryEvent: Sendable {
  /// An event that was drawn: the site, an edit, a fault that begins or ends, an administrator's interference.
  case fate(String)
  case planned(process: String, steps: Int, blocked: Int)
  case asked(process: String, HostID, probes: Int)
  case sent(process: String, HostID, AnyOperation, RunToken)
  case arrived(HostID, AnyOperation, RunToken, again: Bool)
  case did(HostID, AnyOperation, RunToken, Result<Outcome, AgentError>)
  case lease(process: String, HostID, String, RunToken?, AgentError?)
  case told(process: String, HostID, String)
  case ended(process: String, String)

  var text: String {
    switch self {
    case .fate(let words): "** \(words)"
    case .planned(let process, let steps, let blocked): "\(process) plans \(steps) steps, \(blocked) blocked"
    case .asked(let process, let host, let probes): "\(process) → \(host)  \(probes) probes"
    case .sent(let process, let host, let operation, let run):
      "\(process) → \(host)  \(operation.name) \(operation.target)  (\(run.run), generation \(run.generation))"
    case .arrived(let host, let operation, let run, let again):
      "   \(host) begins \(operation.name) \(operation.target)  (\(run.run))\(again ? ", asked a second time" : "")"
    case .did(let host, let operation, let run, .success(let outcome)):
      "   \(host) \(outcome.changed ? "DID" : "found done") \(operation.name) \(operation.target)  (\(run.run)): "
        + outcome.detail
    case .did(let host, let operation, let run, .failure(let error)):
      "   \(host) failed \(operation.name) \(operation.target)  (\(run.run)): \(error)"
    case .lease(let process, let host, let what, let run, let error):
      "\(process) → \(host)  \(what) lease\(run.map { " of \($0.run), generation \($0.generation)" } ?? "")"
        + (error.map { ": \($0)" } ?? "")
    case .told(let process, let host, let words): "\(process) ← \(host)  \(words)"
    case .ended(let process, let words): "\(process) \(words)"
    }
  }
}

/// All that happened, in order.
package struct Story: Sendable {
  package private(set) var events: [(at: Duration, event: StoryEvent)] = []

  mutating func add(_ event: StoryEvent, at time: Duration) { events.append((time, event)) }

  /// The digest of all its lines: the same story has the same one in every process.
  package var digest: String { SHA256.hex(lines.joined(separator: "\n")) }

  package var lines: [String] {
    events.map { at, event in
      let milliseconds = Int(at / .milliseconds(1))
      let text = "\(milliseconds / 1000).\(String(1000 + milliseconds % 1000).dropFirst())"
      return String(repeating: " ", count: max(0, 10 - text.count)) + text + "  " + event.text
    }
  }
}

extension RunEvent {
  /// The words of it that come from a host, or tell of what a host said.
  var words: String {
    switch self {
    case .progress(_, let line): line
    case .retrying(_, _, _, let error, _), .unconfirmed(_, let error, _), .leaseInDoubt(_, let error),
      .headSilent(_, let error, _):
      "\(error) \(error.next)"
    case .lockHeld(let words, _), .stopping(let words): words
    case .waiting(_, let change): change.what
    case .finished(let report), .blocked(let report): "\(report.detail) \(report.next ?? "")"
    case .expecting(let waits): waits.values.map(\.seen).joined(separator: " ")
    case .foundInterrupted, .began, .started, .without, .ended: ""
    }
  }
}

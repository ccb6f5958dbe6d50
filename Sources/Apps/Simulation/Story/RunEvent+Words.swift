// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Execution

extension RunEvent {
  /// What of it comes from a host, or tells of what a host said.
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

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Git

/// The findings of a check of the whole record.
package struct Verification: Codable, Sendable {
  package struct Finding: Codable, Hashable, Sendable {
    /// The commit that it is about. Nil when it is about something that is not there.
    package var commit: String?
    package var what: String
    package var next: String
  }

  package enum Signatures: Codable, Hashable, Sendable {
    /// No commit is signed.
    case none
    /// So many, and so many of these by an allowed signer.
    case signed(Int, good: Int)
    /// Nobody has said whose signatures count.
    case unchecked(Int)
  }

  package var commits = 0
  package var runs = 0
  package var signatures = Signatures.none
  package var findings: [Finding] = []

  package init() {}

  package var isGood: Bool { findings.isEmpty }

  mutating func find(_ commit: GitID?, _ what: String, next: String) {
    findings.append(Finding(commit: commit?.description, what: what, next: next))
  }
}

/// A run that this machine's journal saw end.
package struct EndedRun: Hashable, Sendable {
  package var id: String
  package var result: String

  package init(id: String, result: String) {
    self.id = id
    self.result = result
  }

  /// Without the number of a later round, which is recorded together with the first.
  var recordedAs: String { id.firstIndex(of: ".").map { String(id[..<$0]) } ?? id }
}

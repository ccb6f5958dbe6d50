// SPDX-License-Identifier: Apache-2.0

/// How a copy of the record stands to the one here.
package struct HistoryCopy: Hashable, Codable, Sendable {
  /// The head's name, or the remote's.
  package var name: String
  /// Commits that it does not have yet. 0: it has them all.
  package var behind: Int
  /// When the first of those was recorded, in seconds since 1970.
  package var behindSince: Int?
  /// Why it could not be brought up to date just now, and what to do.
  package var problem: String?
  package var next: String?

  package init(
    name: String, behind: Int, behindSince: Int? = nil, problem: String? = nil, next: String? = nil
  ) {
    self.name = name
    self.behind = behind
    self.behindSince = behindSince
    self.problem = problem
    self.next = next
  }

  package var isCurrent: Bool { behind == 0 && problem == nil }
}

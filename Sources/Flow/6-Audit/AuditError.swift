// SPDX-License-Identifier: Apache-2.0

/// Why the record cannot be read or written.
package struct AuditError: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Code: String, Hashable, Sendable {
    case notARepository, bare, ownership, unsupported, contended, signing, damaged, noSuchRun, noSuchResource,
      uncommitted, git
  }

  package var code: Code
  package var message: String
  /// What libgit2 or a program said.
  package var cause: String?
  package var next: String

  package init(_ code: Code, _ message: String, cause: String? = nil, next: String) {
    self.code = code
    self.message = message
    self.cause = cause
    self.next = next
  }

  package var description: String { cause.map { "\(message): \($0)" } ?? message }
}

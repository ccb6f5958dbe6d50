// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Git
import HostAccess

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

  init(_ error: GitError) {
    let code: Code =
      switch error.code {
      case .notARepository: .notARepository
      case .ownership: .ownership
      case .unsupported: .unsupported
      case .damaged: .damaged
      case .failed: .git
      }
    self.init(code, error.message, cause: error.cause, next: error.next)
  }

  init(_ error: any Error) {
    switch error {
    case let error as AuditError: self = error
    case let error as GitError: self.init(error)
    case let error as AgentError: self.init(.git, error.message, cause: error.cause, next: error.next)
    default:
      self.init(
        .git, "the record cannot be read or written", cause: "\(error)",
        next: "Check the repository with `git status` and `git fsck`, repair it, then try again.")
    }
  }
}

/// Does what may fail in git's words, and fails in those of the record.
func audited<Value>(_ work: () throws -> Value) throws(AuditError) -> Value {
  do { return try work() } catch { throw AuditError(error) }
}

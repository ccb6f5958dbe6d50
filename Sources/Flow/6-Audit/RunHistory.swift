// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Git
import HostAccess

/// The record of runs, as a run needs it: what earlier ones left, which spec this is, and a place for what was done.
///
/// `AuditRepository` keeps it in git, the simulator in memory.
package protocol RunHistory: Sendable {
  /// The resources that the newest run on a site left under management. Empty when there was none.
  func managed(site: String, catalog: [String: AnyKind]) throws(AuditError) -> ManagedSet
  /// Resources as a text that `ManagedSet` reads.
  func json(_ resources: [ManagedResource]) throws(AuditError) -> [UInt8]
  /// Learns at a run's beginning what is managed when it succeeds: recording it then costs what has changed, and no
  /// more.
  func prepare(_ resources: [ManagedResource]) throws(AuditError)
  /// Which commit the spec is at. `files` are the spec and what it refers to, relative to its folder.
  func specState(_ files: [String]) throws(AuditError) -> SpecState
  /// Runs on a site, newest first. Empty when nothing has been recorded yet. Nil as `site`: of all sites.
  func log(site: String?, limit: Int) throws(AuditError) -> [RunRecord]
  /// Keeps one run. Runs that are recorded at the same time come one after the other.
  func record(_ record: AuditRecord) async throws(AuditError) -> AuditRepository.Recorded
}

extension RunHistory {
  /// A history that is not kept as text has none to keep.
  package func json(_ resources: [ManagedResource]) throws(AuditError) -> [UInt8] { try ManagedSet.json(resources) }
  package func prepare(_ resources: [ManagedResource]) throws(AuditError) {}
}

/// Why the record cannot be read or written.
package struct AuditError: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Code: String, Hashable, Sendable {
    case notARepository, bare, ownership, unsupported, contended, signing, damaged, noSuchRun, noSuchResource,
      uncommitted, git
  }

  package var code: Code
  package var message: String
  /// The words of libgit2 or a program.
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

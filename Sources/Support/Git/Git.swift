// SPDX-License-Identifier: Apache-2.0
import CGit2

// Git: repositories by libgit2, as far as this program needs them. Knows nothing of clusters or of what is kept.
//
// Start at `GitRepository`, which reads. `NewObjects` writes: blobs, folders and a commit, collected in memory and put
// on the disk as one pack. `WriterLock` moves a reference to it. Whatever libgit2 writes it syncs, in the order that
// survives a power cut: docs/decisions/0090.

/// Why a repository cannot be read or written.
package struct GitError: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Code: String, Hashable, Sendable { case notARepository, ownership, unsupported, damaged, failed }

  package var code: Code
  package var message: String
  /// The words of libgit2 or of the system.
  package var cause: String?
  package var next: String

  package var description: String { cause.map { "\(message): \($0)" } ?? message }

  /// libgit2's last error becomes the cause.
  static func libgit2(_ message: String) -> GitError {
    GitError(
      code: .failed, message: message, cause: lastMessage,
      next: "Check the repository with `git status` and `git fsck`, repair it, then try again.")
  }

  static func damaged(_ message: String) -> GitError {
    GitError(
      code: .damaged, message: message, cause: lastMessage,
      next: "Check the repository with `git fsck`; if there is a copy, fetch the history from it.")
  }

  /// An object that is missing, or is not what its name or its place says.
  static func damaged(_ what: String, _ id: GitID) -> GitError { damaged("\(what) \(id) cannot be read") }

  static func opening(_ folder: String, _ code: Int32) -> GitError {
    let cause = lastMessage
    // libgit2 1.5 says "not found: safe.directory" where it means that the owner is another user.
    if code == GIT_EOWNER.rawValue || cause?.contains("safe.directory") == true {
      return GitError(
        code: .ownership, message: "the repository of \(folder) belongs to another user", cause: cause,
        next: "If you trust it: git config --global --add safe.directory \(folder)")
    }
    if cause?.contains("unsupported extension") == true || cause?.contains("objectformat") == true {
      return GitError(
        code: .unsupported, message: "the repository of \(folder) uses an extension that libgit2 does not read",
        cause: cause,
        next: "Keep the spec in a repository with SHA-1 objects and without partial clone or worktree configuration.")
    }
    if code == GIT_ENOTFOUND.rawValue {
      return GitError(
        code: .notARepository, message: "\(folder) is not in a git repository", cause: nil,
        next: "Create it: git init && git add cluster.yaml && git commit")
    }
    return GitError(
      code: .failed, message: "the repository of \(folder) cannot be opened", cause: cause,
      next: "Check it with `git status` and `git fsck`, repair it, then try again.")
  }

  private static var lastMessage: String? { git_error_last().map { String(cString: $0.pointee.message) } }
}

/// Throws for one of libgit2's negative results.
func check(_ code: Int32, _ message: @autoclosure () -> String) throws(GitError) {
  if code < 0 { throw .libgit2(message()) }
}

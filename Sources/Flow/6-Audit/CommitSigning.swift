// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import Git
import HostAccess

/// Signs commits as git itself would, when `commit.gpgsign` asks for it: git-config(1) `gpg.format`, `user.signingkey`.
struct CommitSigning {
  /// Nil: commits are not signed.
  private let key: String?
  /// Why commits are not signed although git's configuration asks for it.
  let omission: String?

  init(_ repository: GitRepository) throws(GitError) {
    let wanted = try repository.setting("commit.gpgsign").map { ["true", "yes", "on", "1"].contains($0.lowercased()) }
    let format = try repository.setting("gpg.format") ?? "openpgp"
    let signingKey = try repository.setting("user.signingkey")
    switch (wanted ?? false, format, signingKey) {
    case (false, _, _): (key, omission) = (nil, nil)
    case (true, "ssh", let path?) where path.hasPrefix("/") || path.hasPrefix("~/"):
      (key, omission) = (NSString(string: path).expandingTildeInPath, nil)
    case (true, "ssh", _): (key, omission) = (nil, "user.signingkey is not the path of a key")
    case (true, let other, _): (key, omission) = (nil, "gpg.format is \(other); only ssh is signed with")
    }
  }

  /// The armoured signature of a commit's bytes.
  func signature(of commit: [UInt8]) async throws(AuditError) -> String? {
    guard let key else { return nil }
    do throws(AgentError) {
      let result = try await Command.checked(
        "ssh-keygen", ["-Y", "sign", "-n", "git", "-f", key], input: commit,
        next: "Check that \(key) exists and can be used without a prompt: ssh-add -l")
      return result.text
    } catch {
      throw AuditError(.signing, "the record cannot be signed", cause: error.description, next: error.next)
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import Testing

@testable import AgentServer

/// The record's copy on a head, after a power cut has taken what nobody had synced.
@Suite struct HistoryRepositoryTests {
  /// ext4 leaves a new file without its bytes; others leave zeros.
  @Test(arguments: [
    ["HEAD": ""], ["config": ""], ["HEAD": "", "config": ""], ["config": "\0\0\0\0", "HEAD": "\0\0\0\0"],
  ])
  func isMadeAnewWhereItsFilesAreLost(files: [String: String]) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "history-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let site = folder.appending(path: "site").path
    let copy = folder.appending(path: "history.git").path
    try await git("init", "--quiet", "--initial-branch=cluster/history", site)
    let author = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    try await git(author + ["-C", site, "commit", "--quiet", "--allow-empty", "--message", "one run"])
    try await HistoryRepository.make(at: copy)
    try await git("-C", site, "push", "--quiet", copy, "cluster/history")

    for (name, text) in files { try Data(text.utf8).write(to: URL(filePath: "\(copy)/\(name)")) }
    try await HistoryRepository.make(at: copy)
    try await git(author + ["-C", site, "commit", "--quiet", "--allow-empty", "--message", "another run"])
    try await git("-C", site, "push", "--quiet", copy, "cluster/history")
    let kept = try await git("--git-dir", copy, "log", "--format=%s")
    #expect(kept == "another run\none run\n", "what it had is still there")
    let rewritten = try await Command.run(
      "git", author + ["-C", site, "push", "--quiet", "--force", copy, "HEAD~1:refs/heads/cluster/history"])
    #expect(!rewritten.succeeded, "nobody takes a run away")
  }

  @discardableResult
  private func git(_ words: String...) async throws -> String { try await git(words) }

  @discardableResult
  private func git(_ words: [String]) async throws -> String {
    try await Command.checked("git", words, next: "Read what git says.").text
  }
}

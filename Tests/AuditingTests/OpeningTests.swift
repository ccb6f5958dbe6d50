// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import Testing

@testable import Auditing

/// What a user is told when the spec's folder holds no repository that can be used.
@Suite struct OpeningTests {
  @Test func aFolderOutsideAnyRepositoryNeedsGitInit() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "plain-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }

    let error = #expect(throws: AuditError.self) { try AuditRepository(folder: folder.path) }

    #expect(error?.code == .notARepository)
    #expect(error?.next.contains("git init") == true)
  }

  @Test func aBareRepositoryHasNoSpecToRead() async throws {
    let repository = try await TemporaryRepository(["init", "-q", "--bare"])

    let error = #expect(throws: AuditError.self) { try AuditRepository(folder: repository.path) }

    #expect(error?.code == .bare)
  }

  @Test func aSHA256RepositoryIsRefusedByName() async throws {
    let repository = try await TemporaryRepository(["init", "-q", "--object-format=sha256"])

    let error = #expect(throws: AuditError.self) { try AuditRepository(folder: repository.path) }

    #expect(error?.code == .unsupported)
    #expect(error?.next.contains("SHA-1") == true)
  }

  @Test(.enabled(if: getuid() == 0, "only root can give a repository away"))
  func aRepositoryOfAnotherUserIsNotTrusted() async throws {
    let repository = try await TemporaryRepository.withSpec()
    _ = try await Command.checked("chown", ["-R", "nobody", repository.path], next: "Read it.")

    let error = #expect(throws: AuditError.self) { try AuditRepository(folder: repository.path) }

    #expect(error?.code == .ownership)
    #expect(error?.next == "If you trust it: git config --global --add safe.directory \(repository.path)")
  }

  @Test func aLinkedWorkTreeIsARepositoryToo() async throws {
    let repository = try await TemporaryRepository.withSpec()
    let linked = repository.path + "-linked"
    defer { try? FileManager.default.removeItem(atPath: linked) }
    try await repository.git("worktree", "add", "-q", linked)

    let state = try AuditRepository(folder: linked).specState(["cluster.yaml"])

    #expect(state.dirty.isEmpty)
    #expect(state.commit?.count == 40)
  }
}

// SPDX-License-Identifier: Apache-2.0
import Foundation
import Git
import HostAccess
import TestKit
import Testing

/// What is written by libgit2, as git itself reads it.
@Suite struct NewObjectsTests {
  private typealias Change = NewObjects.Change

  private func commit(
    _ changes: [(path: String, text: String?)], to repository: TemporaryRepository, author: String = "Ada"
  ) throws -> GitID {
    let git = try GitRepository(containing: repository.path)
    let objects = try NewObjects(in: git)
    let parent = try git.commit(at: "refs/heads/written")
    let tree = try objects.tree(
      changes.map { change in
        Change(change.path, try change.text.map { .init(try objects.add(Array($0.utf8))) })
      }, from: try parent.map { try git.commit($0).tree })
    let author = GitAuthor(name: author, email: author, time: 1_700_000_000)
    let text = try objects.text(tree: tree, parent: parent, author: author, message: "Written\n")
    let commit = try objects.add(commit: text, signature: nil)
    try objects.write(commit, after: parent)
    let lock = try #require(try WriterLock("writer", for: "refs/heads/written", in: git))
    #expect(try lock.move(from: parent, to: commit, by: author, because: "written"))
    return commit
  }

  private func names(_ repository: TemporaryRepository) async throws -> [Substring] {
    try await repository.git("ls-tree", "-r", "--name-only", "written").split(separator: "\n")
  }

  @Test func filesBecomeFoldersAndFoldersFiles() async throws {
    let repository = try await TemporaryRepository.withSpec()
    _ = try commit([("a", "1"), ("b/c/d", "1"), ("b-c", "1"), ("b.c", "1")], to: repository)
    #expect(try await names(repository) == ["a", "b-c", "b.c", "b/c/d"])

    _ = try commit([("a", nil), ("a/x", "2"), ("b/c/d", nil), ("b/c", "2")], to: repository)
    #expect(try await names(repository) == ["a/x", "b-c", "b.c", "b/c"])

    // Folders in which nothing is left are gone, too.
    _ = try commit([("a/x", nil), ("b/c", nil)], to: repository)
    #expect(try await names(repository) == ["b-c", "b.c"])
    #expect(try await repository.git("fsck", "--strict", "--no-dangling").isEmpty)
  }

  @Test func gitReadsFilesOfAnySizeAndContent() async throws {
    var random = SeededGenerator()
    let repository = try await TemporaryRepository.withSpec()
    let texts = (0..<200).map { number in
      String(repeating: "\(UInt64.random(in: 0...UInt64.max, using: &random)) ", count: number * number % 977)
    }
    _ = try commit(texts.enumerated().map { ("f/\($0 % 7)/\($0)", $1) }, to: repository)

    for (number, text) in texts.enumerated().shuffled(using: &random).prefix(10) {
      let read = try await Command.checked(
        "git", ["-C", repository.path, "show", "written:f/\(number % 7)/\(number)"], next: "Read it.")
      #expect(read.text == text)
    }
    #expect(try await repository.git("fsck", "--strict", "--no-dangling").isEmpty)
  }

  @Test(arguments: ["", " ", "A<b>\nc", ".,", "Ada  Lovelace", "Ä\0"])
  func anybodyCanBeAnAuthor(_ name: String) async throws {
    let repository = try await TemporaryRepository.withSpec()

    _ = try commit([("a", "1")], to: repository, author: name)

    #expect(try await repository.git("fsck", "--strict", "--no-dangling").isEmpty)
    #expect(try await !repository.git("log", "-1", "--format=%an", "written").isEmpty)
  }

  /// The one who expects nothing does not overwrite what somebody else has put there.
  @Test func aReferenceThatIsThereAlreadyIsNotMadeAgain() async throws {
    let repository = try await TemporaryRepository.withSpec()
    let first = try commit([("a", "1")], to: repository)
    let git = try GitRepository(containing: repository.path)
    let head = try #require(try git.commit(at: "HEAD"))
    let lock = try #require(try WriterLock("writer", for: "refs/heads/written", in: git))

    #expect(try !lock.move(from: nil, to: head, by: GitAuthor(name: "Ada", email: "a", time: 1), because: "x"))

    #expect(try git.commit(at: "refs/heads/written") == first)
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Foundation
import TestKit
import Testing

@Suite struct UnifiedDiffTests {
  @Test func showsChangesWithContext() {
    let old = (1...9).map { "\($0)\n" }.joined()

    let lines = UnifiedDiff.lines(old: old, new: old.replacing("5\n", with: "five\n"))

    #expect(lines == ["@@ -2,7 +2,7 @@", " 2", " 3", " 4", "-5", "+five", " 6", " 7", " 8"])
  }

  @Test func equalTextsHaveNoDiff() { #expect(UnifiedDiff.lines(old: "a\n", new: "a\n").isEmpty) }

  @Test func aNewFileIsAllAdditions() {
    #expect(UnifiedDiff.lines(old: "", new: "a\nb\n") == ["@@ -0,0 +1,2 @@", "+a", "+b"])
  }

  @Test func aMissingNewlineIsSeen() {
    #expect(
      UnifiedDiff.lines(old: "a", new: "a\n") == ["@@ -1,1 +1,1 @@", "-a", "\\ No newline at end of file", "+a"])
  }

  @Test(arguments: 1...40 as ClosedRange<UInt64>) func patchTurnsTheOldTextIntoTheNew(_ seed: UInt64) async throws {
    var random = SeededGenerator(seed: seed)
    func text() -> String {
      (0..<Int.random(in: 0...60, using: &random)).map { _ in "\(Int.random(in: 0...6, using: &random))\n" }.joined()
    }
    let (old, new) = (text(), text())
    let folder = FileManager.default.temporaryDirectory.appending(path: "diff-\(seed)-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "text")
    try Data(old.utf8).write(to: file)
    let diff = UnifiedDiff.lines(old: old, new: new)

    if !diff.isEmpty {
      let patch = (["--- text", "+++ text"] + diff).joined(separator: "\n") + "\n"
      _ = try await Command.checked(
        "patch", ["--silent", "--force", file.path], input: Array(patch.utf8), next: "Read the diff.")
    }

    let result = FileManager.default.fileExists(atPath: file.path) ? try String(contentsOf: file, encoding: .utf8) : ""
    #expect(result == new)
  }

  @Test func hugeDifferencesAreBounded() {
    let old = (0..<3000).map { "a\($0)\n" }.joined()
    let new = (0..<3000).map { "b\($0)\n" }.joined()

    let lines = UnifiedDiff.lines(old: old, new: new)

    #expect(lines.count == 6001)
    #expect(lines[0] == "@@ -1,3000 +1,3000 @@")
  }
}

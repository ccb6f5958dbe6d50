// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import Foundation
import HostAccess
import SpecReading
import Testing

@testable import Reconciler

/// Package sets of another git repository, pinned by commit.
@Suite struct SetOriginTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized

  /// Somebody's repository with a set, a site, and this machine's copies.
  private struct Scene {
    let folder: URL
    let sets: FetchedSets
    var upstream: URL { folder.appending(path: "upstream") }
    var site: URL { folder.appending(path: "site") }
    var location: URL { site.appending(path: "cluster.yaml") }

    init() throws {
      folder = FileManager.default.temporaryDirectory.appending(path: "origins-\(UUID())")
      sets = FetchedSets(folder: folder.appending(path: "cache"))
      try FileManager.default.createDirectory(at: upstream, withIntermediateDirectories: true)
      try FileManager.default.copyItem(at: SetOriginTests.root.appending(path: "examples/package-set"), to: site)
      try FileManager.default.removeItem(at: site.appending(path: "packages"))
    }

    /// Commits a set with this summary, and returns the commit.
    func commit(_ summary: String) async throws -> String {
      let set = upstream.appending(path: "sets/hello")
      try FileManager.default.createDirectory(at: set, withIntermediateDirectories: true)
      try Data("summary: \(summary)\nnodes: { packages: [hello] }\n".utf8).write(to: set.appending(path: "set.yaml"))
      let git = ["-C", upstream.path, "-c", "user.name=a", "-c", "user.email=a@example.org"]
      for words in [["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", summary]] {
        try await Command.checked("git", git + words, next: "")
      }
      let head = try await Command.checked("git", git + ["rev-parse", "HEAD"], next: "")
      return head.text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func load(_ commit: String, path: String = "sets/hello") throws -> Specification {
      let text = try String(contentsOf: location, encoding: .utf8)
      let start = try #require(text.range(of: "packages:\n"))
      let packages = "packages: { hello: { from: { git: \(upstream.path), commit: \(commit), path: \(path) } } }\n"
      let other = site.appending(path: "other.yaml")
      try Data((text[..<start.lowerBound] + packages).utf8).write(to: other)
      return try Specification.load(other, fetched: sets)
    }

    func problems(_ commit: String, path: String = "sets/hello") throws -> [String] {
      try load(commit, path: path).diagnostics.filter { $0.severity == .error }.map { "\($0.code.id): \($0.detail)" }
    }
  }

  @Test func aSetIsWhatItsCommitHas() async throws {
    let scene = try Scene()
    defer { try? FileManager.default.removeItem(at: scene.folder) }
    let first = try await scene.commit("The first.")
    let here = try scene.problems(first)
    #expect(
      here == ["spec.set-origin: Commit \(first.prefix(12)) of \(scene.upstream.path) is not on this machine."])
    let origin = SetOrigin(
      repository: scene.upstream.path, commit: first, path: "sets/hello",
      source: SourceSpan(file: "", line: 1, column: 1, endLine: 1, endColumn: 1))
    try await scene.sets.fetch(origin)
    let second = try await scene.commit("The second.")

    let loaded = try scene.load(first)
    #expect(loaded.cluster?.sets.map(\.summary) == ["The first."], "\(loaded.diagnostics)")
    #expect(loaded.files.ofSite.keys.allSatisfy { !$0.hasPrefix("packages/") }, "no record has them as the site's")
    #expect(try scene.problems(second).first?.hasPrefix("spec.set-origin: Commit \(second.prefix(12))") == true)
    try await scene.sets.fetch(origin)
    #expect(try scene.load(second).cluster?.sets.map(\.summary) == ["The second."])
    #expect(
      try scene.problems(first, path: "sets/none") == [
        "spec.set-origin: Commit \(first.prefix(12)) of \(scene.upstream.path) has no folder `sets/none`."
      ])
    let own = scene.site.appending(path: "packages/hello")
    try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
    try Data("summary: Ours.\n".utf8).write(to: own.appending(path: "set.yaml"))
    #expect(
      try scene.problems(first)
        == ["spec.set-origin: The set `hello` is in packages/hello, and is to come from elsewhere too."])
  }

  @Test func aBranchOrAProgramIsRefused() throws {
    let scene = try Scene()
    defer { try? FileManager.default.removeItem(at: scene.folder) }
    #expect(try scene.problems("main").first?.hasPrefix("spec.bad-name: `main` is not the full name") == true)
    for repository in ["ext::sh -c true", "--upload-pack=true", "relative/path", "user@host::x"] {
      let text = try String(contentsOf: scene.location, encoding: .utf8)
      let start = try #require(text.range(of: "packages:\n"))
      let commit = String(repeating: "a", count: 40)
      let packages = "packages: { hello: { from: { git: '\(repository)', commit: \(commit) } } }\n"
      try Data((text[..<start.lowerBound] + packages).utf8).write(to: scene.site.appending(path: "other.yaml"))
      let found = try Specification.load(scene.site.appending(path: "other.yaml"), fetched: scene.sets).diagnostics
      #expect(found.contains { $0.code == .badURL }, "\(repository): \(found.map(\.detail))")
    }
  }
}

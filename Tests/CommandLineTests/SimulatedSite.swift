// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import TestKit
import Testing

/// A description in a folder of its own, and the real program, told to speak to machines in memory.
final class SimulatedSite {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized

  let folder: URL
  let program: String

  /// - Parameter source: the folder that `cluster.yaml` and its images are copied from.
  init(_ source: URL = root) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "site-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for name in ["cluster.yaml", "images", "packages", "accounts", "keys"] {
      // A site without nodes has no images.
      guard name == "cluster.yaml" || FileManager.default.fileExists(atPath: source.appending(path: name).path) else {
        continue
      }
      try FileManager.default.copyItem(at: source.appending(path: name), to: folder.appending(path: name))
    }
    // The package manager builds it beside the tests.
    let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    program = URL(filePath: own).deletingLastPathComponent().appending(path: "cluster").path
    try #require(FileManager.default.isExecutableFile(atPath: program), "\(program) is not built")
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  var specification: String { folder.appending(path: "cluster.yaml").path }
  var state: URL { folder.appending(path: "state") }
  private var environment: [String: String] { ["XDG_STATE_HOME": state.path, "NO_COLOR": "1"] }

  /// What is in the description's folder, but for the state that the test asked for.
  var files: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0 != "state" }.sorted() }
  }

  /// `cluster plan --simulate --file …`, and so on.
  func run(_ command: String, _ arguments: String...) async throws -> CommandResult {
    try await run(words: [command, "--simulate", "--file", specification] + arguments)
  }

  func run(words: [String]) async throws -> CommandResult {
    try await Command.run(program, words, environment: environment, deadline: .seconds(300))
  }

  /// One that goes on while the test does something else.
  func start(
    _ command: String, _ arguments: String..., interruption: RunningProgram.Interruption? = nil
  ) throws -> RunningProgram {
    try RunningProgram(
      program, [command, "--simulate", "--file", specification] + arguments, environment: environment,
      interruption: interruption)
  }

  /// Takes out of the description what stands from the first of these to before the second.
  func cut(from start: String, to end: String) throws {
    let text = try String(contentsOfFile: specification, encoding: .utf8).cut(from: start, to: end)
    try text.write(toFile: specification, atomically: true, encoding: .utf8)
  }

  func edit(_ old: String, _ new: String) throws {
    let text = try String(contentsOfFile: specification, encoding: .utf8)
    try #require(text.contains(old))
    try text.replacing(old, with: new).write(toFile: specification, atomically: true, encoding: .utf8)
  }
}

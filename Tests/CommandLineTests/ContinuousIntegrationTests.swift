// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import TestKit
import Testing

/// The ready CI files: their own steps, run by a shell as a runner does, in a repository with a change to review. What
/// they call besides `cluster` and `git` writes down what it was told.
@Suite(.timeLimit(.minutes(5))) struct ContinuousIntegrationTests {
  private static let token = "token-that-nobody-may-see"
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized

  /// The example in a repository, with a change that is not committed.
  private struct Forge {
    let site: SimulatedSite
    let base: String

    init() async throws {
      site = try SimulatedSite()
      for words in [
        ["init", "-q"], ["config", "user.name", "ada"], ["config", "user.email", "ada@example.org"],
        ["add", "cluster.yaml", "images"], ["commit", "-qm", "first"],
      ] { try await Command.checked("git", ["-C", site.folder.path] + words, next: "See what git says.") }
      base = try await Command.run("git", ["-C", site.folder.path, "rev-parse", "HEAD"]).text
        .trimmingCharacters(in: .whitespacesAndNewlines)
      try site.edit("every: 3s", "every: 5s")
      let programs = site.folder.appending(path: "programs")
      try FileManager.default.createDirectory(at: programs, withIntermediateDirectories: true)
      try FileManager.default.createSymbolicLink(
        atPath: programs.appending(path: "cluster").path, withDestinationPath: site.program)
    }

    func file(_ name: String) -> String { site.folder.appending(path: name).path }

    func text(_ name: String) throws -> String { try String(contentsOfFile: file(name), encoding: .utf8) }

    func install(_ name: String, _ script: String) throws {
      let path = file("programs/\(name)")
      try ("#!/bin/sh\n" + script).write(toFile: path, atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }

    /// What it said, on both channels.
    func run(_ script: String, _ environment: [String: String]) async throws -> String {
      let path = file("programs") + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")
      let result = try await Command.run(
        "bash", ["-e", "-o", "pipefail", "-c", "cd \"$FOLDER\"\n" + script],
        environment: environment.merging(
          [
            "PATH": path, "FOLDER": site.folder.path, "CALLS": file("calls"), "POSTED": file("posted"),
            "LC_ALL": "C.UTF-8",
          ]
        ) { $1 }, deadline: .seconds(120))
      #expect(result.succeeded, "\(script)\n\(result.text)\(result.errorText)")
      return result.text + result.errorText
    }
  }

  private static func expectPlan(_ markdown: String) {
    #expect(markdown.hasPrefix("<!-- cluster-plan -->\n### Plan: 1 step"), "\(markdown)")
    #expect(markdown.contains("interval 3s -> 5s"))
    #expect(!markdown.contains(token))
  }

  @Test(arguments: ["", "4711"]) func gitHubPostsThePlanOrUpdatesIt(_ found: String) async throws {
    let forge = try await Forge()
    try forge.install(
      "gh",
      """
      echo "$*" >> "$CALLS"
      for word; do
        case "$word" in
          --paginate) echo "\(found)" ;;
          body=@*) cp "${word#body=@}" "$POSTED" ;;
        esac
      done
      """)
    let steps = Self.blocks(try Self.file("docs/howto/ci/github-actions.yml"), key: "run")
    #expect(steps.count == 3)

    var said = ""
    for step in steps {
      said += try await forge.run(
        step,
        [
          "BASE": forge.base, "GH_TOKEN": Self.token, "REPOSITORY": "ada/alps", "NUMBER": "7",
          "RUNNER_TEMP": forge.site.folder.path, "GITHUB_STEP_SUMMARY": forge.file("summary"),
        ])
    }

    Self.expectPlan(try forge.text("posted"))
    Self.expectPlan(try forge.text("summary"))
    let call = found.isEmpty ? "POST repos/ada/alps/issues/7/comments" : "PATCH repos/ada/alps/issues/comments/4711"
    #expect(try forge.text("calls").contains("--method \(call)"))
    #expect(!said.contains(Self.token))
  }

  @Test(arguments: ["[]", "[{\"id\": 4711, \"body\": \"<!-- cluster-plan --> old\"}]"])
  func gitLabPostsThePlanOrUpdatesIt(_ notes: String) async throws {
    let forge = try await Forge()
    try forge.install(
      "curl",
      """
      echo "$*" >> "$CALLS"
      cat > "$POSTED.config"
      case "$*" in
        *--request*) cp plan.md "$POSTED" ;;
        *) echo '\(notes)' ;;
      esac
      """)
    let script = Self.items(try Self.file("docs/howto/ci/gitlab-ci.yml"), key: "script").joined(separator: "\n")

    let said = try await forge.run(
      script,
      [
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": forge.base, "PLAN_TOKEN": Self.token, "CI_API_V4_URL": "https://forge/api/v4",
        "CI_PROJECT_ID": "5", "CI_MERGE_REQUEST_IID": "7",
      ])

    Self.expectPlan(try forge.text("posted"))
    let calls = try forge.text("calls")
    let place = "https://forge/api/v4/projects/5/merge_requests/7/notes"
    #expect(calls.contains(notes == "[]" ? "--request POST" : "--request PUT"))
    #expect(calls.contains(notes == "[]" ? "\(place)\n" : "\(place)/4711\n"))
    #expect(!calls.contains(Self.token) && !said.contains(Self.token))
    #expect(try forge.text("posted.config") == "header = \"PRIVATE-TOKEN: \(Self.token)\"\n")
  }

  /// Without a token nothing is called, and the plan is there all the same.
  @Test func gitLabKeepsThePlanOfAFork() async throws {
    let forge = try await Forge()
    try forge.install("curl", "exit 1\n")
    let script = Self.items(try Self.file("docs/howto/ci/gitlab-ci.yml"), key: "script").joined(separator: "\n")

    _ = try await forge.run(script, ["CI_MERGE_REQUEST_DIFF_BASE_SHA": forge.base])

    Self.expectPlan(try forge.text("plan.md"))
  }

  @Test func gitHubHasNoMorePermissionsThanItNeeds() throws {
    let text = try Self.file("docs/howto/ci/github-actions.yml")
    #expect(text.contains("\npermissions:\n  contents: read\n  pull-requests: write\nconcurrency:"))
    #expect(text.contains("persist-credentials: false"))
    #expect(!text.contains("pull_request_target") && !text.contains("secrets."))
    // What strangers can choose, such as a title or a branch, is never part of a script.
    for step in Self.blocks(text, key: "run") { #expect(!step.contains("${{"), "\(step)") }
  }

  private static func file(_ path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  private static func indentation(_ line: Substring) -> Int { line.prefix { $0 == " " }.count }

  /// The values of a key: what stands after it, or the lines of a literal block.
  private static func blocks(_ text: String, key: String) -> [String] {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    return lines.indices.compactMap { index in
      let line = lines[index].drop { $0 == " " || $0 == "-" }
      guard line.hasPrefix("\(key):") else { return nil }
      let value = line.dropFirst(key.count + 1).drop { $0 == " " }
      guard value == "|" else { return String(value) }
      let inside = indentation(lines[index + 1])
      return lines[(index + 1)...].prefix { indentation($0) >= inside }.map { $0.dropFirst(inside) }
        .joined(separator: "\n")
    }
  }

  /// The items of a list below a key; a folded one is a line.
  private static func items(_ text: String, key: String) -> [String] {
    let lines = text.split(separator: "\n").drop { $0 != "  \(key):" }.dropFirst().prefix { $0.hasPrefix("    ") }
    var items: [String] = []
    for line in lines where !line.hasPrefix("    #") {
      if line.hasPrefix("    - ") {
        items.append(line == "    - >" ? "" : String(line.dropFirst(6)))
      } else {
        items[items.count - 1] += (items.last == "" ? "" : " ") + line.drop { $0 == " " }
      }
    }
    return items
  }
}

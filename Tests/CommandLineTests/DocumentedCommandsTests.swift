// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import DiagnosticPages
import Diagnostics
import Foundation
import Testing

@testable import Planning
@testable import cluster

/// What the documents tell a user to type is understood, and every code can be explained.
@Suite struct DocumentedCommandsTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
  private static let documents = [
    "docs/howto/ci/github-actions.yml", "docs/howto/ci/gitlab-ci.yml", "docs/howto/pull-requests.md",
    "docs/howto/review-a-plan.md", "docs/howto/try-a-change-without-machines.md",
    "docs/howto/apply-while-a-head-is-away.md", "docs/howto/switch-over.md", "docs/howto/update-images.md",
    "docs/howto/add-nodes.md", "docs/howto/a-node-does-not-boot.md",
  ]

  /// Lines that are a command, up to a redirection; `$BASE` and `'a b'` as a shell gives them.
  private static func commands(_ text: String) -> [[String]] {
    text.split(separator: "\n").compactMap { line in
      // What follows two spaces is said about the command.
      let whole = line.trimmingPrefix { $0 == " " }
      let typed = whole.firstRange(of: "  ").map { whole[..<$0.lowerBound] } ?? whole
      let words = typed.split(separator: " ").map(String.init).drop { $0 == "-" || $0 == "run:" }
      guard words.first == "cluster", words.count > 1, !line.hasPrefix("name:") else { return nil }
      return words.dropFirst().prefix { !$0.hasPrefix(">") }.map { word in
        word.trimmingCharacters(in: CharacterSet(charactersIn: "\"'")).replacing("$", with: "")
      }
    }
  }

  @Test(arguments: documents) func commandsInDocumentsAreUnderstood(_ document: String) throws {
    let text = try String(contentsOf: Self.root.appending(path: document), encoding: .utf8)
    let commands = Self.commands(text)
    #expect(commands.count >= 2)
    for arguments in commands {
      #expect(throws: Never.self, "cluster \(arguments.joined(separator: " "))") {
        _ = try ClusterCommand.parseAsRoot(arguments)
      }
    }
  }

  @Test func whatIsNotUnderstoodIsRefused() {
    for arguments in [
      ["plan", "--max-disruption", "some"], ["plan", "--target", "node[1"], ["plan", "--head", "HEAD"],
      ["plan", "--base", "HEAD", "--out", "a"], ["apply", "a.plan", "--target", "head1"],
    ] {
      #expect(throws: (any Error).self, "\(arguments)") { _ = try ClusterCommand.parseAsRoot(arguments) }
    }
  }

  @Test func everyPageIsInTheProgram() throws {
    let folder = Self.root.appending(path: "docs/diagnostics")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".md") }
    #expect(files.map { String($0.dropLast(3)) }.sorted() == DiagnosticPages.codes)
    for code in DiagnosticPages.codes {
      let text = try String(contentsOf: folder.appending(path: code + ".md"), encoding: .utf8)
      #expect(DiagnosticPages.page(code) == text)
    }
  }

  @Test(arguments: AgentError.Code.allCases) func everyAgentErrorHasAPage(_ code: AgentError.Code) {
    #expect(DiagnosticPages.page(code.page)?.hasPrefix("# \(code.page): ") == true, "\(code.page)")
  }

  @Test func everyProblemOfAPlanHasAPage() {
    let owner = PlanProblem.Owner(ResourceID("a", "b"), nil)
    let (a, b) = (StepID("a"), StepID("b"))
    let problems: [PlanProblem] = [
      .cycle([owner]), .twiceDesired(owner, owner), .unknownDependency(owner, on: owner.resource), .unknownKind(owner),
      .twoOwners(.cib("a"), owner, owner), .twiceTheSameStep(a), .order(a, after: b), .bothHeads(a, b),
      .tooManyNodesAway(2, allowed: 1), .prunesUnmanaged(a), .prunesOwned(a, .cib("a")),
      .leavesWhileUp("a", seenBy: "b"),
    ]
    for problem in problems { #expect(DiagnosticPages.page(problem.code) != nil, "\(problem.code)") }
    #expect(Set(problems.map(\.code)).count == DiagnosticPages.codes.count { $0.hasPrefix("plan.") })
  }

  @Test func aCodeIsKnownByItsForm() {
    #expect(ExplainCommand.looksLikeCode("spec.bad-mak"))
    #expect(!ExplainCommand.looksLikeCode("file@head1:/etc/hosts"))
    #expect(nearest(to: "spec.bad-mak", among: DiagnosticPages.codes) == ["spec.bad-mac"])
  }
}

// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import TestKit
import Testing

@testable import cluster

/// Each folder of `examples/`: validated, planned and applied on machines in memory, after which nothing is left to do.
@Suite(.timeLimit(.minutes(10))) struct ExamplesTests {
  private static let folder = SimulatedSite.root.appending(path: "examples")

  static let sites: [String] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0 != "README.md" }.sorted()
  }()

  @Test(arguments: sites) func isAppliedAndThenNothingIsLeftToDo(_ name: String) async throws {
    let site = try SimulatedSite(Self.folder.appending(path: name))

    let valid = try await site.run("validate")
    #expect(valid.status == 0, "\(valid.errorText)")
    // Power strips differ too much for an example to have one.
    let warnings = valid.errorText.matches(of: /(error|warning)\[(?<code>[^\]]+)\]/).map { String($0.output.code) }
    #expect(valid.text.contains(" is valid: ") && warnings.allSatisfy { $0 == "spec.single-fencing" }, "\(warnings)")
    let plan = try await site.run("plan", "--detailed-exitcode")
    #expect(plan.status == ExitStatus.changes.rawValue, "\(plan.errorText)")
    #expect(!plan.text.contains("Blocked"), "\(plan.text)")
    // An image's name holds what it is made of, also what the program puts into it.
    expectGolden(plan.text.replacing(/\/[0-9a-f]{16}\b/, with: "/DIGEST"), at: "cases/examples/\(name).txt")
    let apply = try await site.run("apply", "--progress", "plain")
    #expect(apply.status == ExitStatus.converged.rawValue, "\(apply.errorText.suffix(4000))")
    #expect(apply.text.contains("everything is as described"))
    let again = try await site.run("plan", "--detailed-exitcode")
    #expect(again.status == ExitStatus.converged.rawValue, "\(again.text)")
    #expect(again.text.contains("No changes."))
  }

  @Test func theReadmesNameEachOfThem() throws {
    let own = try String(contentsOf: Self.folder.appending(path: "README.md"), encoding: .utf8)
    let ours = try String(contentsOf: SimulatedSite.root.appending(path: "README.md"), encoding: .utf8)
    #expect(Self.sites.count >= 3)
    for name in Self.sites {
      #expect(own.contains("[\(name)](\(name)/cluster.yaml)"))
      #expect(ours.contains("](examples/\(name)/cluster.yaml)"))
    }
  }
}

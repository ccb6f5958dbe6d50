// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import TestKit
import Testing

@testable import cluster

/// Each exit status, from the real program.
@Suite(.timeLimit(.minutes(5))) struct ExitStatusTests {
  @Test func zeroWhenEverythingIsAsDescribed() async throws {
    let site = try SimulatedSite()

    #expect(try await site.run("apply").status == ExitStatus.converged.rawValue)
    #expect(try await site.run("plan", "--detailed-exitcode").status == ExitStatus.converged.rawValue)
  }

  @Test func oneForAnErrorInTheDescription() async throws {
    let site = try SimulatedSite()
    try site.edit("image: compute", "image: computer")

    for command in ["validate", "plan", "apply", "status"] {
      let result = try await site.run(command)
      #expect(result.status == ExitStatus.error.rawValue)
      #expect((result.text + result.errorText).contains("spec.unknown-image"), "\(command)")
    }
  }

  @Test func twoWhenAPlanHasSomethingToDo() async throws {
    let site = try SimulatedSite()

    #expect(try await site.run("plan", "--detailed-exitcode").status == ExitStatus.changes.rawValue)
    #expect(try await site.run("plan").status == 0)
  }

  @Test func threeWhenAHostHasUndoneAChange() async throws {
    let site = try SimulatedSite()
    _ = try await site.run("apply")
    try site.edit("address: 198.51.100.11", "address: 198.51.100.21")

    let result = try await site.run("apply", "--break", "head1:way", "--confirm-within", "5")

    #expect(result.status == ExitStatus.rolledBack.rawValue, "\(result.errorText)")
    #expect(result.errorText.contains("ended rolled-back"))
  }

  @Test func fourWhenSomeOfItIsNotDone() async throws {
    let site = try SimulatedSite()

    let result = try await site.run("apply", "--break", "head1:mirror")

    #expect(result.status == ExitStatus.partial.rawValue)
    #expect(result.errorText.contains("ended partial"))
    // What was wrong then is mended, and the next run goes on from what is there.
    #expect(try await site.run("apply").status == ExitStatus.converged.rawValue)
  }

  @Test func fiveWhenAnotherRunIsAtWork() async throws {
    let site = try SimulatedSite()
    let other = try site.start("apply", "--pace", "1", "--progress", "plain")
    try await other.says("…    packages@head1:base/install")

    let refused = try await site.run("apply")

    #expect(refused.status == ExitStatus.lockHeld.rawValue, "\(refused.errorText)")
    #expect(refused.errorText.contains("at work"))
    other.send(SIGKILL)
    _ = try await other.ended()
  }

  @Test func sixWhenItIsNotAllowedOrNoLongerFits() async throws {
    let site = try SimulatedSite()

    let ceiling = try await site.run("apply", "--max-disruption", "none")
    #expect(ceiling.status == ExitStatus.refused.rawValue)
    #expect(ceiling.errorText.contains("above --max-disruption none"))

    let kept = site.folder.appending(path: "kept.plan").path
    #expect(try await site.run("plan", "--out", kept).status == 0)
    try site.edit("timezone: Europe/Zurich", "timezone: Europe/Paris")
    let stale = try await site.run("apply", kept)
    #expect(stale.status == ExitStatus.refused.rawValue)
    #expect(stale.errorText.contains("no longer fits"))
  }

  @Test func sixtyFourWhenTheCommandLineCannotBeUnderstood() async throws {
    let site = try SimulatedSite()

    for words in [["plan", "--frobnicate"], ["plan", "--fresh"], ["apply", "--simulate", "--lab"], ["frobnicate"]] {
      #expect(try await site.run(words: words).status == ExitStatus.usage.rawValue, "\(words)")
    }
  }

  /// The one place where they are documented is made of the same table.
  @Test func theyAreDocumented() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
    let page = try String(contentsOf: root.appending(path: "docs/exit-status.md"), encoding: .utf8)

    for status in ExitStatus.allCases {
      #expect(page.contains("| \(status.rawValue) | \(status.meaning) |"), "\(status)")
      #expect(ExitStatus.table.contains("\(status.rawValue)"))
    }
  }
}

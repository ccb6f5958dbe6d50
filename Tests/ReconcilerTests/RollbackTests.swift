// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Foundation
import Testing

@testable import Reconciler

/// Going back: a new commit of the old description, planned and applied like any other, and the machines are as then.
@Suite struct RollbackTests {
  @Test func theMachinesAreAsTheRunHadLeftThem() async throws {
    let site = try await FakeSite.applied()
    try site.edit("every: 3s", "every: 5s")
    try Data("Another greeting.\n".utf8).write(to: site.folder.appending(path: "images/compute/etc/motd"))
    try await site.commit("Look less often")
    let second = try await site.apply(run: "run-2")
    try #require(second.isConverged)
    let audit = try AuditRepository(folder: site.folder.path)
    let (first, last) = (try audit.find("run-1", site: "site"), try audit.find("run-2", site: "site"))
    try #require(try !audit.difference(from: first, to: last).files.isEmpty)

    let target = try audit.runBeforeTheLastSuccess(site: "site")
    let reconciler = try await site.reconciler()
    let commit = try await audit.restore(target, present: Array(reconciler.recordedSpecification.keys))
    let proposal = try await site.reconciler().propose()
    let back = try await site.apply(run: "run-3")

    #expect(target.id == "run-1")
    #expect(try await site.git("rev-parse", "HEAD") == commit)
    #expect(try await site.git("status", "--porcelain", "cluster.yaml", "images").isEmpty)
    #expect(!proposal.plan.steps.isEmpty)
    #expect(back.isWhole)
    let third = try audit.find("run-3", site: "site")
    #expect(third.spec == commit)
    // Description, what is managed and what was seen: nothing is left of what lay between.
    #expect(try audit.difference(from: first, to: third).files.map(\.path) == [])
    #expect(try await audit.verify(journal: [], site: "site").findings == [])
  }

  @Test func whatTheOldDescriptionDidNotHaveIsTakenAway() async throws {
    let site = try await FakeSite()
    let proxy = """
      repositories:
        proxy: http://198.51.100.1:3142      # a caching proxy; leave it out to go to the mirrors directly

      """
    try site.edit(proxy, "")
    try await site.commit("No proxy")
    let before = try await site.apply(run: "run-1")
    try site.edit("heads:\n  head1:", proxy + "\nheads:\n  head1:")
    try await site.commit("A proxy")
    let after = try await site.apply(run: "run-2")
    try #require(before.isConverged && after.isConverged)
    let audit = try AuditRepository(folder: site.folder.path)
    let ids = { (applied: Applied) in Set(applied.verified.desired.map(\.id)) }
    let added = ids(after).subtracting(ids(before))
    try #require(!added.isEmpty)

    _ = try await audit.restore(
      try audit.find("run-1", site: "site"),
      present: Array(try await site.reconciler().recordedSpecification.keys))
    let back = try await site.apply(run: "run-3")

    #expect(back.isWhole)
    #expect(try await site.reconciler().managedBefore().allSatisfy { !added.contains($0.id) })
    let (first, third) = (try audit.find("run-1", site: "site"), try audit.find("run-3", site: "site"))
    // What was taken away was looked at once more, and is absent.
    let changed = try audit.difference(from: first, to: third).files.flatMap(\.lines).filter { !$0.hasPrefix("@@") }
      .filter { !$0.hasPrefix(" ") }
    #expect(!changed.isEmpty && changed.allSatisfy { $0.hasPrefix("+") && $0.hasSuffix(" absent") }, "\(changed)")
    // Going back once more changes nothing, and commits nothing.
    #expect(
      try await audit.restore(first, present: Array(try await site.reconciler().recordedSpecification.keys)) == nil)
    #expect(try await site.reconciler().propose().plan.isClean)
  }
}

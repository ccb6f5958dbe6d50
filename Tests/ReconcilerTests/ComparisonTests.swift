// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Comparison
import Execution
import Foundation
import Planning
import Testing

@testable import Reconciler

/// What a change of the description would mean, without a host.
@Suite struct ComparisonTests {
  private func review(_ site: FakeSite, from base: String, to head: String) async throws -> PlanReview {
    try await site.comparison(from: base, to: head).review
  }

  @Test func itIsWhatApplyWouldPlanOnSuchACluster() async throws {
    let site = try await FakeSite.applied()
    try site.edit("[hwloc-nox, numactl]", "[jq, numactl]")
    try await site.commit("jq instead of hwloc")
    let reconciler = try await site.reconciler()
    let real = try await reconciler.propose().plan

    let compared = try await review(site, from: "HEAD~1", to: "HEAD")

    #expect(compared.plan == real)
    #expect(compared.plan.steps.first { $0.id.text == "image:compute/build" }?.changes == ["+ jq", "- hwloc-nox"])
  }

  @Test func aFileBesideTheSpecCountsToo() async throws {
    let site = try await FakeSite()
    try Data("Another text.\n".utf8).write(to: site.folder.appending(path: "images/compute/etc/motd"))
    try await site.commit("Another text")
    let plan = try await review(site, from: "HEAD~1", to: "HEAD").plan
    let build = plan.steps.first { $0.id.text == "image:compute/build" }
    #expect(build?.changes == ["* files /usr/share/cluster/images/site/compute/files: other contents"])
  }

  @Test func theSameTwiceIsNoChange() async throws {
    let site = try await FakeSite()
    #expect(try await review(site, from: "HEAD", to: "HEAD").plan.isClean)
  }

  @Test func theSameTwoGiveTheSamePlan() async throws {
    let site = try await FakeSite()
    try site.edit("node[001-004]", "node[001-006]")
    try await site.commit("Two more nodes")
    let digests = try await [
      review(site, from: "HEAD~1", to: "HEAD"), review(site, from: "HEAD~1", to: "HEAD"),
    ].map(\.plan.digest)
    #expect(Set(digests).count == 1)
  }

  @Test func nothingIsWrittenAndTheWorkTreeIsNotRead() async throws {
    let site = try await FakeSite()
    try Data("not: a cluster\n".utf8).write(to: site.folder.appending(path: "other.yaml"))
    let reconciler = try await site.reconciler()
    try site.edit("every: 3s", "every: 9s")
    #expect(try await review(site, from: "HEAD", to: "HEAD").plan.isClean)
    #expect(!FileManager.default.fileExists(atPath: reconciler.site.journal.path))
    #expect(try await site.git("branch", "--list", "cluster/history") == "")
  }

  @Test func aRevisionThatIsNotThereIsNamed() async throws {
    let site = try await FakeSite()
    let repository = try AuditRepository(folder: site.folder.path)
    let error = #expect(throws: AuditError.self) { try repository.commit(named: "origin/main") }
    #expect(error?.message.contains("origin/main") == true)
    #expect(error?.next.contains("git fetch") == true)
  }

  @Test func hundredsOfNodesAreComparedToo() async throws {
    let site = try await FakeSite()
    try site.edit("node[001-004]", "node[001-400]")
    try await site.commit("A rack")
    try site.edit("every: 3s", "every: 5s")
    try await site.commit("Ask less often")
    let plan = try await review(site, from: "HEAD~1", to: "HEAD").plan
    #expect(plan.steps.map(\.id) == [StepID("pacemaker:cib/configure")])
  }
}

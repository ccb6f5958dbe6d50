// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import Simulator
import Testing
import Wings

@testable import Reconciler

/// Files of a set that reach nodes while they run: no image, no restart, and only where something has changed.
@Suite struct LiveFilesTests {
  private static let set = """
    summary: A word for nodes.
    settings:
      word: { type: text, default: hello, doc: The word. }
    nodes:
      files: nodes
      live:
        /etc/word: { reload: word.service }
        /etc/name: {}

    """

  /// Applied with the set turned on.
  private func site(_ packages: String = "{ word: }") async throws -> FakeSite {
    let site = try await FakeSite()
    for (path, text) in [
      "set.yaml": Self.set, "nodes/etc/word.j2": "{{ set.word }}\n",
      "nodes/etc/name.j2": "{{ node.name }} {{ node.boot_address | default('-') }} {{ node.image }}\n",
      "nodes/etc/word.image": "in the image\n",
    ] {
      let file = site.folder.appending(path: "packages/word/\(path)")
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    try site.edit("\nheads:\n", "\npackages: \(packages)\nheads:\n")
    _ = try ErrandTests.applied(try await apply(site, run: "first"))
    return site
  }

  private func apply(_ site: FakeSite, run: String) async throws -> Convergence {
    try await site.reconciler().converge(
      RunRequest(run: run), consent: { _ async throws(ReconcileError) in true }, events: { _ in })
  }

  private func identities(_ site: FakeSite) async -> [HostID: String] {
    await site.machines.world.nodes.compactMapValues(\.identity)
  }

  @Test func whatIsTheSameEverywhereIsMadeOnce() async throws {
    let site = try await site()
    let cluster = try await site.reconciler().cluster
    let files = PackageSets.liveFiles(cluster)
    #expect(files.common.map(\.path) == ["/etc/word"] && files.common.first?.live == .reload("word.service"))
    #expect(files.own.count == 4)
    #expect(files.own["node003"]?.map(\.contents) == [.text("node003 10.1.1.3 compute\n")])
    let contribution = try #require(PackageSets.contributions(cluster).first)
    #expect(contribution.files.keys.sorted() == ["etc/word.image"], "the others are not in the image")
  }

  @Test func aChangeReachesNodesThatRunAndRestartsNone() async throws {
    let site = try await site()
    let before = await identities(site)
    #expect(before.count == 4 && Set(before.values).count == 4)
    #expect(try await site.reconciler().propose().plan.isClean)

    try site.edit("{ word: }", "{ word: { word: welcome } }")
    let plan = try await site.reconciler().propose().plan

    #expect(
      plan.steps.map(\.id.text).sorted() == [
        "node-identities@head1:all/write", "node-identities@head2:all/write", "node-refresh:all/refresh",
      ])
    let refresh = try #require(plan.steps.last)
    #expect(refresh.disruption == .reload)
    #expect(refresh.changes == ["~ /etc/word: reload word.service where it has changed"])
    #expect(refresh.after.count == 2 && refresh.operation.base.target == "node[001-004]")
    let applied = try ErrandTests.applied(try await apply(site, run: "second"))
    #expect(applied.isConverged && applied.outcome.steps.count == 3)
    let after = await identities(site)
    #expect(Set(after.values).isDisjoint(with: before.values) && after.count == 4)
    #expect(try await site.reconciler().propose().plan.isClean)
  }

  /// It gets the newest when it boots, and nothing waits for it.
  @Test func aNodeThatIsAwayIsLeftAlone() async throws {
    let site = try await site()
    try await ErrandTests.done(PowerErrand(.off, ["node002"], token: "off"), site, run: "off")
    try site.edit("{ word: }", "{ word: { word: welcome } }")

    let plan = try await site.reconciler().propose().plan
    let refresh = try #require(plan.steps.first { $0.id.text == "node-refresh:all/refresh" })
    #expect(refresh.operation.base.target == "node[001,003-004]")
    _ = try ErrandTests.applied(try await apply(site, run: "second"))
    #expect(try await site.reconciler().propose().plan.isClean)
    #expect(await identities(site)["node002"] != nil, "the description boots it, with the newest")
  }

  @Test func onlyNodesThatSayThatTheyAreBehindAreTold() async throws {
    let site = try await site()
    await site.machines.change { world in
      world.nodes["node003"]?.identity = String(repeating: "0", count: 32)
      world.nodes["node004"]?.identity = nil
    }

    let plan = try await site.reconciler().propose().plan

    #expect(plan.steps.map(\.id.text) == ["node-refresh:all/refresh"])
    #expect(plan.steps.first?.operation.base.target == "node003", "one that does not tell is not known to be behind")
    #expect(plan.steps.first?.because.hasSuffix("they run with something else than the heads have for them") == true)
  }

  /// What else is in a node's identity has its own place.
  @Test func pathsOfOthersAreRefused() async throws {
    let site = try await site()
    var cluster = try await site.reconciler().cluster
    #expect(PackageSets.problems(cluster).isEmpty)
    cluster.images[0].secrets = [.init(path: "/etc/word", secret: SecretRef("generated/word"))]
    #expect(
      PackageSets.problems(cluster).map(\.detail) == [
        "The set `word` and the secrets of the image `compute` both have /etc/word."
      ])
    cluster.images[0].secrets = []
    var sets = cluster.sets
    sets[0].nodes.files[0].path = "/etc/ssh/ssh_host_ed25519_key"
    cluster.adopt(sets)
    #expect(PackageSets.problems(cluster).first?.detail.hasSuffix("which comes with each node's identity.") == true)
  }
}

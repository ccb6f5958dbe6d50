// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Comparison
import Execution
import Wings
import Foundation
import HostAccess
import Planning
import Simulator
import TestKit
import Testing

@testable import Reconciler

/// The example's description in a real git repository with a real journal, over machines in memory.
final class FakeSite {
  let folder: URL
  let machines: FakeCluster

  /// - Parameter spec: the repository's own example unless another one is given.
  init(_ spec: String? = nil) async throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "site-\(UUID())")
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
    let motd = folder.appending(path: "images/compute/etc/motd")
    try FileManager.default.createDirectory(
      at: motd.deletingLastPathComponent(), withIntermediateDirectories: true)
    let text = try spec ?? String(contentsOf: root.appending(path: "cluster.yaml"), encoding: .utf8)
    try Data(text.utf8).write(to: folder.appending(path: "cluster.yaml"))
    try Data("A compute node.\n".utf8).write(to: motd)
    let specification = try Specification.load(folder.appending(path: "cluster.yaml"))
    machines = FakeCluster(FakeWorld(try #require(specification.cluster, "\(specification.diagnostics)")))
    try await git("init", "-q")
    try await git("config", "user.name", "Ada")
    try await git("config", "user.email", "ada@example.org")
    try await git("config", "commit.gpgsign", "false")
    try await commit("A spec")
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func commit(_ message: String) async throws {
    try await git("add", "cluster.yaml", "images")
    try await git("commit", "-qm", message)
  }

  /// Changes the spec in one place, which has to be there.
  func edit(_ old: String, _ new: String) throws {
    let file = folder.appending(path: "cluster.yaml")
    let parts = try String(contentsOf: file, encoding: .utf8).components(separatedBy: old)
    try #require(parts.count == 2, "the spec has `\(old)` \(parts.count - 1) times")
    try Data(parts.joined(separator: new).utf8).write(to: file)
  }

  var specification: String {
    get throws { try String(contentsOf: folder.appending(path: "cluster.yaml"), encoding: .utf8) }
  }

  /// Takes out of the spec what stands from the first of these to before the second.
  func cut(from start: String, to end: String) throws {
    try Data(specification.cut(from: start, to: end).utf8).write(to: folder.appending(path: "cluster.yaml"))
  }

  /// What the change from one commit to another would mean, without a host.
  func comparison(from base: String, to head: String) async throws -> (proposal: Proposal, review: PlanReview) {
    let repository = try AuditRepository(folder: folder.path)
    func read(_ revision: String) throws -> Specification {
      try Specification.load("cluster.yaml", at: try repository.commit(named: revision), in: repository, beside: folder)
    }
    let site = try await reconciler().site
    let comparison = DescriptionComparison(site: site, journal: JournalOnDemand(path: site.journal.path))
    let (proposal, review) = try await comparison.proposal(from: read(base), to: read(head), RunTerms())
    return (proposal, review)
  }

  @discardableResult func git(_ arguments: String...) async throws -> String {
    let all = ["-C", folder.path] + arguments
    return try await Command.checked("git", all, next: "Read what git says.").text
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// As each command makes it: the spec is read again.
  func reconciler(
    site id: String = "site", processes: ProcessTable = .machine, only: ((Resource) -> Bool)? = nil
  ) async throws -> Reconciler {
    let location = folder.appending(path: "cluster.yaml")
    let specification = try Specification.load(location)
    let cluster = try #require(specification.cluster, "\(specification.diagnostics)")
    await machines.change { $0.unpack(cluster) }
    let site = Site(
      id: id, specification: location, sshConfiguration: nil, secrets: folder, agent: folder.appending(path: "agent"))
    let hosts = cluster.heads.map { ($0.name, machines.host($0.name) as any ManagedHost) }
    let now = await machines.world.now
    return Reconciler(
      site: site, specification: specification, cluster: cluster,
      wanted: only.map {
        DesiredResources(
          Expansion.expand(cluster, specification.files).filter($0), catalog: KindCatalog.all,
          heads: HeadOrder(cluster, sight: HighAvailability.sight))
      },
      hosts: Dictionary(uniqueKeysWithValues: hosts),
      secrets: FakeSecrets(), journal: JournalOnDemand(path: site.journal.path), processes: processes,
      history: try AuditRepository(folder: folder.path), by: "ada@desk", clock: ContinuousClock(), now: { now })
  }

  @discardableResult func apply(_ terms: RunTerms = RunTerms(), run: String = "run-1") async throws -> Applied {
    try await reconciler().applied(terms, run: run)
  }

  /// A site with all in place that the example asks for.
  static func applied() async throws -> FakeSite {
    let site = try await FakeSite()
    let applied = try await site.apply()
    try #require(applied.isConverged, "\(applied.verified.plan.steps.map(\.id)) \(applied.verified.plan.blocked)")
    return site
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import HostContract
import Reconciler
import Testing
import Wings

@testable import Lab

/// The contract, held by the real agent over real SSH: first on a plain Debian head, then while it has no second head
/// yet, then on the whole site with real Pacemaker, images, BMCs and nodes. Last the site's own service moves.
///
/// Only root can make a lab. Without root the suite is skipped, and says so; as root it runs or fails.
@Suite(
  .serialized, .timeLimit(.minutes(40)),
  .enabled(if: geteuid() == 0, "a lab needs root: run `sudo make test` to hold the real agent to the contract"))
struct RealHostTests {
  @Test func holdTheContractAndMoveTheSitesOwnService() async throws {
    let site = try await UserSite.make(spec: try OwnService.spec())
    do {
      let watch = ContractWatch()
      try await plainHead(site, watch)
      try await OwnService.install(on: "head1", site)
      try await beforeTheSecondHead(site, watch)
      try await appliedSite(site, watch)
      watch.expectAll()
      try await OwnService.isKept(site)
    } catch {
      try await site.end()
      throw error
    }
    try await site.end()
  }

  private func plainHead(_ site: UserSite, _ watch: ContractWatch) async throws {
    let proxy = FileGoal(
      path: "/etc/apt/apt.conf.d/90contract", contents: .text("Acquire::http::Proxy \"http://198.51.100.1:3142\";\n"))
    try await withHeads(["head1"], of: site, watch) { hosts in
      try await ContractHost.using(hosts[0]) { host in try await host.perform(EnsureFile(proxy)) }
      for contract in Contract.all {
        await record(contract.name) { try await ContractHost.using(hosts[0]) { try await contract.check($0) } }
      }
      try await ContractHost.using(hosts[0]) { host in try await host.perform(EnsureFileAbsent(path: proxy.path)) }
    }
  }

  /// All but the second head is in place: it is installed as the case says.
  private func beforeTheSecondHead(_ site: UserSite, _ watch: ContractWatch) async throws {
    let first = try await site.cluster(["apply", "--lab", "--yes", "--exclude", "head-clone:head2"])
    #expect(first.status == 0, "\(first.errorText)")
    try await withHeads(["head1"], of: site, watch) { hosts in
      await record(SiteContract.clone.name) { try await hold(SiteContract.clone, site, hosts) }
    }
  }

  private func appliedSite(_ site: UserSite, _ watch: ContractWatch) async throws {
    let apply = try await site.cluster(["apply", "--lab", "--yes"])
    try #require(apply.status == 0, "\(apply.errorText)")
    try await withHeads(["head1", "head2"], of: site, watch) { hosts in
      for contract in SiteContract.all {
        await record(contract.name) { try await hold(contract, site, hosts) }
      }
    }
    let plan = try await site.cluster(["plan", "--lab", "--detailed-exitcode"])
    #expect(plan.status == 0, "each case leaves the site as it found it: \(plan.text)")
  }

  func hold(_ contract: SiteContract, _ site: UserSite, _ hosts: [any ManagedHost]) async throws {
    let specification = try Specification.load(URL(filePath: "\(site.folder)/cluster.yaml"))
    let cluster = try #require(specification.cluster)
    let store = DirectorySecretStore(directory: site.lab.secretsDirectory)
    var secrets: [SecretRef: [UInt8]] = [:]
    // Made by the first apply.
    if let key = try? store.value(.nodeIdentities) { secrets[.nodeIdentities] = key }
    for bmc in cluster.heads.compactMap(\.bmc) + cluster.nodes.compactMap(\.bmc) {
      secrets[bmc.password] = try store.value(bmc.password)
    }
    try await ContractSite.using(specification, secrets: Secrets(secrets), hosts, contract.check)
  }

  /// One case that fails hides no other.
  func record(_ name: String, _ body: () async throws -> Void) async {
    do { try await body() } catch { Issue.record("\(name): \(error)") }
  }

  func withHeads(
    _ names: [String], of site: UserSite, _ watch: ContractWatch, _ body: ([any ManagedHost]) async throws -> Void
  ) async throws {
    let agent = URL(filePath: site.program).deletingLastPathComponent().appending(path: "cluster-agent").path
    let heads = names.map { name in
      SSHHost(
        id: HostID(name), target: name, hostName: nil, user: site.lab.user, configuration: site.lab.sshConfig,
        agent: agent, catalog: .all, runDirectory: "\(site.folder)/.contract-\(name)")
    }
    var problem: (any Error)?
    do { try await body(heads.map { WatchedHost($0, watch) }) } catch { problem = error }
    for head in heads { await head.close() }
    if let problem { throw problem }
  }
}

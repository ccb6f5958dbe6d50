// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Comparison
import Execution
import Foundation
import HostAccess
import HostContract
import Reconciler
import Simulator
import Testing
import Wings

/// The site's contract, held by machines in memory that are as the repository's own description says.
@Suite struct FakeSiteTests {
  @Test(arguments: SiteContract.all)
  func holds(_ contract: SiteContract) async throws {
    let site = try await FakeContractSite()
    try await site.hold(contract)
  }

  @Test func holdsWhatIsBeforeTheSecondHead() async throws {
    let site = try await FakeContractSite()
    try await site.holdBeforeTheSecondHead()
  }

  /// A new operation or probe has no case yet: this says so.
  @Test func everyOperationAndProbeHasACase() async throws {
    let watch = ContractWatch()
    for contract in Contract.all { try await FakeHostTests.hold(contract, watch) }
    let site = try await FakeContractSite(watch)
    for contract in SiteContract.all { try await site.hold(contract) }
    try await site.holdBeforeTheSecondHead()

    watch.expectAll()
  }
}

/// Machines in memory of one description, with the keys to them.
struct FakeContractSite {
  let specification: Specification
  let cluster: Cluster
  let machines: FakeCluster
  let watch: ContractWatch

  init(_ watch: ContractWatch = ContractWatch()) async throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardizedFileURL
    specification = try Specification.load(root.appending(path: "cluster.yaml"))
    cluster = try #require(specification.cluster, "\(specification.diagnostics)")
    let folder = FileManager.default.temporaryDirectory.appending(path: "contract-site-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    let site = Site(
      id: Site.simulated, specification: root.appending(path: "cluster.yaml"), sshConfiguration: nil, secrets: folder,
      agent: folder, state: folder)
    let comparison = DescriptionComparison(site: site, journal: JournalOnDemand(path: site.journal.path))
    machines = try await comparison.machines(as: specification)
    self.watch = watch
  }

  func hold(_ contract: SiteContract) async throws { try await use(cluster.heads.map(\.name), contract) }

  /// The second head's disk was replaced.
  func holdBeforeTheSecondHead() async throws {
    let (first, second) = (cluster.heads[0].name, cluster.heads[1].name)
    await machines.change { world in
      world.losePower(second)
      world.uninstalled.insert(second)
      world.machines[first]?.clones = [:]
      world.machines[first]?.captures = []
      world.regainPower(second)
    }
    try await use([first], SiteContract.clone)
  }

  private func use(_ heads: [HostID], _ contract: SiteContract) async throws {
    var secrets: [SecretRef: [UInt8]] = [.nodeIdentities: FakeWorld.password(.nodeIdentities)]
    for bmc in cluster.heads.compactMap(\.bmc) + cluster.nodes.compactMap(\.bmc) {
      secrets[bmc.password] = FakeWorld.password(bmc.password)
    }
    let hosts = heads.map { WatchedHost(machines.host($0), watch) }
    try await ContractSite.using(
      specification, secrets: Secrets(secrets), hosts, tick: { [machines] in await machines.change { $0.now += 1 } },
      contract.check)
  }
}

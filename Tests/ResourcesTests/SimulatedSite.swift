// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import Wings
import Foundation
import HostAccess
import Observation
import Planning
import Simulator
import SpecReading
import Testing

/// The whole flow over a site in memory: a spec, what earlier runs left, and machines.
final class SimulatedSite {
  var spec: String
  var siteFiles = SiteFiles(files: [
    "images/compute/etc/motd": .init(contents: .text("A compute node of alps.\n"), executable: false)
  ])
  let site: FakeCluster
  private(set) var managed: [ManagedResource] = []
  private var runs: Int = 0

  /// The site of the repository's own example, before anything was done.
  static func example() throws -> SimulatedSite {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
    return try SimulatedSite(String(contentsOf: root.appending(path: "cluster.yaml"), encoding: .utf8))
  }

  /// The smallest site: a head that boots two nodes, without high availability.
  static func oneHead() throws -> SimulatedSite {
    try SimulatedSite(
      """
      version: 1
      cluster: hut
      domain: hut.example.org
      networks:
        public: { cidr: 198.51.100.0/24, gateway: 198.51.100.1, dns: [198.51.100.1] }
        private: { cidr: 10.1.0.0/16, serves: [dhcp, dns, boot] }
        bmc: { cidr: 10.3.0.0/16 }
      heads:
        head1:
          nics:
            eth0: { network: private, address: 10.1.0.1, mac: 52:54:00:01:00:01 }
            eth1: { network: public, address: 198.51.100.11 }
          bmc: { address: 10.3.0.1, protocol: ipmi, user: admin, password: secret:bmc/head1 }
      images:
        compute: { release: debian/bookworm, kernel: linux-image-amd64, install: [numactl] }
      nodes:
        - names: node[01-02]
          image: compute
          boot: stateless
          nics:
            eth0: { network: private, address: 10.1.1.1+, mac: 52:54:00:11:00:01+ }
          bmc: { address: 10.3.1.1+, protocol: ipmi, user: admin, password: secret:bmc/nodes }

      """)
  }

  init(_ spec: String) throws {
    self.spec = spec
    site = FakeCluster(FakeWorld(try Self.read(spec)))
  }

  static func read(_ spec: String) throws -> Cluster {
    let reading = SpecReader.read(Array(spec.utf8), file: "cluster.yaml", keys: WingCatalog.keys)
    return try #require(reading.cluster, "\(reading.diagnostics)")
  }

  /// The description with the package sets among the files beside it.
  func readWithSets() throws -> Cluster {
    var cluster = try Self.read(spec)
    let (sets, problems) = SpecReader.sets(cluster, siteFiles)
    try #require(problems.isEmpty, "\(problems)")
    cluster.adopt(sets)
    let (extra, unfit) = SpecReader.keys(of: cluster, siteFiles)
    try #require(unfit.isEmpty, "\(unfit)")
    cluster.repositories.extra = extra
    return cluster
  }

  /// Changes the spec in one place, which has to be there.
  func edit(_ old: String, _ new: String) throws {
    let parts = spec.components(separatedBy: old)
    try #require(parts.count == 2, "the spec has `\(old)` \(parts.count - 1) times")
    spec = parts.joined(separator: new)
  }

  func plan() async throws -> Plan {
    let cluster = try readWithSets()
    await site.change { $0.unpack(cluster) }
    let desired = Expansion.expand(cluster, siteFiles)
    let heads = HeadOrder(cluster, sight: HighAvailability.sight)
    let questions = Planner.questions(
      desired: desired, previously: managed, catalog: KindCatalog.all, heads: heads)
    let now = await site.world.now
    let inventory = await Observer(secrets: FakeSecrets(), now: { now }).observe(questions, hosts: await hosts())
    return try Planner.plan(
      desired: desired, previously: managed, inventory: inventory, catalog: KindCatalog.all, heads: heads, now: now)
  }

  /// The example's site with all that it asks for in place. It is made once, and copied.
  static func appliedExample() async throws -> SimulatedSite { try await copy(of: madeExample.value) }
  static func appliedOneHead() async throws -> SimulatedSite { try await copy(of: madeOneHead.value) }

  private struct Applied: Sendable {
    var spec: String
    var world: FakeWorld
    var managed: [ManagedResource]
    var runs: Int
  }

  private static let madeExample = Task { try await applied(try example()) }
  private static let madeOneHead = Task { try await applied(try oneHead()) }

  private static func applied(_ site: SimulatedSite) async throws -> Applied {
    let left = try await site.apply()
    try #require(left.isClean, "\(left.text)")
    return Applied(spec: site.spec, world: await site.site.world, managed: site.managed, runs: site.runs)
  }

  private static func copy(of applied: Applied) -> SimulatedSite {
    SimulatedSite(spec: applied.spec, world: applied.world, managed: applied.managed, runs: applied.runs)
  }

  private init(spec: String, world: FakeWorld, managed: [ManagedResource], runs: Int) {
    self.spec = spec
    site = FakeCluster(world)
    self.managed = managed
    self.runs = runs
  }

  /// Plans and carries out until nothing is left to do, as `apply` does.
  @discardableResult
  func apply(_ first: Plan? = nil, dyingAfter limit: Int = .max) async throws -> Plan {
    var plan = try await self.plan()
    if let first { plan = first }
    for _ in 0..<4 where !plan.steps.isEmpty {
      try await execute(plan, limit)
      let verified = try await self.plan()
      let desired = Expansion.expand(try readWithSets(), siteFiles)
      managed = Planner.managed(
        desired: desired, previously: managed, verified: verified, touched: Set(plan.steps.map(\.resource)),
        catalog: KindCatalog.all)
      plan = verified
    }
    return plan
  }

  /// One run. The plan's order is one in which each step comes after what it depends on.
  func execute(_ plan: Plan, _ limit: Int = .max) async throws {
    runs += 1
    let run = RunToken(run: "run-\(runs)", generation: runs, holder: "a test")
    let hosts = await hosts()
    var claimed: Set<HostID> = []
    for step in plan.steps.prefix(limit) {
      let host = try #require(hosts[step.host])
      if claimed.insert(step.host).inserted { try await host.claim(run) }
      let secrets = Secrets(
        Dictionary(step.operation.secrets.map { ($0, FakeWorld.password($0)) }) { first, _ in first })
      do {
        let outcome = try await host.perform(step.operation, secrets: secrets, run: run) { _ in }
        if let pending = outcome.pending { _ = try await host.confirm(pending.id, run: run) }
      } catch {
        throw StepFailure(step: step.id, error: error)
      }
    }
    for id in claimed { try await hosts[id]?.release(run) }
  }

  /// The ways to every machine that is or was a head.
  private func hosts() async -> [HostID: any ManagedHost] {
    Dictionary(uniqueKeysWithValues: await site.world.machines.keys.map { ($0, site.host($0)) })
  }
}

struct StepFailure: Error, CustomStringConvertible {
  var step: StepID
  var error: AgentError
  var description: String { "\(step): \(error)" }
}

extension Plan {
  /// As people read it.
  var text: String {
    PlanText(self, colour: false).text
  }

  /// Each step in a line: what a long plan does, without how.
  var outline: String {
    let steps = steps.map { step in
      let disruption = step.disruption == .none ? "" : "  [\(step.disruption.rawValue)]"
      return "\(step.id)\(step.destructive ? "  [destructive]" : "")\(disruption)\n"
    }
    return steps.joined() + blocked.map { "blocked: \($0.resource)\n" }.joined()
  }
}

extension String {
  /// With images numbered instead of named by digest: whoever changes what goes into every image changes no plan.
  var withoutDigests: String {
    var seen: [Substring] = []
    return replacing(/compute\/([0-9a-f]{16})/) { match in
      if !seen.contains(match.output.1) { seen.append(match.output.1) }
      return "compute/DIGEST-\((seen.firstIndex(of: match.output.1) ?? 0) + 1)"
    }
  }
}

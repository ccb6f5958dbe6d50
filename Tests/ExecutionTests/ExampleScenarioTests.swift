// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Wings
import Foundation
import HostAccess
import Observation
import Planning
import Simulator
import SpecReading
import Synchronization
import TestKit
import Testing

@testable import Execution

/// The repository's own example, carried out on machines in memory by the real executor: many steps at once, in
/// whatever order the tasks come to run, so that what is missing from the plan's order shows.
@Suite struct ExampleScenarioTests {
  /// The second round: which images a new head lacks is seen only when it is there.
  @Test func twoRoundsDoAllOfIt() async throws {
    let site = try ExampleSite()
    let first = try await site.plan()

    let outcome = try await site.run(first)
    let second = try await site.plan()
    let rest = try await site.run(second)

    #expect(outcome.result == .done, "\(outcome.troubles)")
    #expect(outcome.steps.count == first.steps.count)
    #expect(second.steps.count <= 1, "\(second.text)")
    #expect(rest.result == .done, "\(rest.troubles)")
    let left = try await site.plan()
    #expect(left.isClean, "\(left.text)")
  }

  @Test(arguments: 1...6 as ClosedRange<UInt64>) func faultsOnTheWayChangeNothingAtTheEnd(_ seed: UInt64) async throws {
    let undisturbed = try ExampleSite()
    for _ in 0..<2 { _ = try await undisturbed.run(try await undisturbed.plan()) }
    let site = try ExampleSite(faults: Faults(SeededGenerator(seed: seed)))

    var runs = 0
    while try await !site.plan().isClean, runs < 20 {
      _ = try await site.run(try await site.plan())
      runs += 1
    }

    let left = try await site.plan()
    #expect(left.isClean, "\(left.text)")
    let (expected, actual) = (await undisturbed.cluster.world, await site.cluster.world)
    for (id, machine) in expected.machines {
      #expect(actual.machines[id]?.files.mapValues(\.bytes) == machine.files.mapValues(\.bytes))
      #expect(actual.machines[id]?.units.mapValues(\.active) == machine.units.mapValues(\.active))
    }
    #expect(actual.nodes.mapValues(\.image) == expected.nodes.mapValues(\.image))
  }
}

/// The example, and the way to its machines.
private final class ExampleSite {
  let cluster: FakeCluster
  private let described: Cluster
  private let desired: [Resource]
  private let secrets = FakeSecrets()
  private let fixture: Fixture
  private let faults: Faults?
  private var runs = 0

  init(faults: Faults? = nil) throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
    let spec = try Data(contentsOf: root.appending(path: "cluster.yaml"))
    let reading = SpecReader.read(Array(spec), file: "cluster.yaml", keys: WingCatalog.keys)
    described = try #require(reading.cluster, "\(reading.diagnostics)")
    let motd = SiteFiles.File(contents: .text("A compute node.\n"), executable: false)
    desired = Expansion.expand(described, SiteFiles(files: ["images/compute/etc/motd": motd]))
    cluster = FakeCluster(FakeWorld(described))
    fixture = try Fixture()
    self.faults = faults
  }

  private var hosts: [HostID: any ManagedHost] {
    let pairs = described.heads.map { head -> (HostID, any ManagedHost) in
      let host = cluster.host(head.name)
      guard let faults else { return (head.name, host) }
      return (head.name, FlakyHost(host: host, faults: faults))
    }
    return Dictionary(uniqueKeysWithValues: pairs)
  }

  func plan() async throws -> Plan {
    let address = described.ha?.addresses.first { $0.network == described.bootNetwork?.name }?.address
    let heads = HeadOrder(
      primary: "head1", others: ["head2"], serviceAddress: address, sight: HighAvailability.sight)
    let questions = Planner.questions(desired: desired, previously: [], catalog: KindCatalog.all, heads: heads)
    let now = await cluster.world.now
    let inventory = await Observer(secrets: secrets, now: { now }).observe(questions, hosts: hosts)
    return try Planner.plan(
      desired: desired, previously: [], inventory: inventory, catalog: KindCatalog.all, heads: heads, now: now)
  }

  func run(_ plan: Plan) async throws -> RunOutcome {
    runs += 1
    var policy = ExecutionPolicy()
    policy.backoff = .microseconds(1)
    let executor = Executor(
      hosts: hosts, secrets: secrets, journal: fixture.journal, witness: Self.witness, policy: policy, now: { 1_000 })
    return try await executor.run(plan, as: "run\(runs)", holder: "a test")
  }
}

extension ExampleSite {
  /// The clone's original knows whether it has installed it.
  fileprivate static var witness: HeadWitness {
    HeadWitness(questions: { ["head1": [AnyProbe(CloneProbe($0))]] }) { silent, inventory in
      let record = try? Answers(inventory, uninstalled: []).answer("head1", CloneProbe(silent))
      guard record == .some(nil)
      else { return .mayHold("it was installed") }
      return .cannotHold
    }
  }
}

/// Decides, repeatably for one order of calls, when something goes wrong.
private final class Faults: Sendable {
  private let random: Mutex<SeededGenerator>
  init(_ random: SeededGenerator) { self.random = Mutex(random) }
  var strike: Bool { random.withLock { Int.random(in: 0..<5, using: &$0) == 0 } }
}

/// A host that is sometimes not reached, and sometimes done when the way back to us breaks.
private struct FlakyHost: ManagedHost {
  let host: FakeHost
  let faults: Faults
  var id: HostID { host.id }

  func operations() async throws(AgentError) -> Set<String> { try await host.operations() }

  func perform(
    _ operation: AnyOperation, secrets: Secrets, run: RunToken,
    progress: @escaping @Sendable (String) -> Void
  ) async throws(AgentError) -> Outcome {
    if faults.strike { throw .silent }
    let outcome = try await host.perform(operation, secrets: secrets, run: run, progress: progress)
    if faults.strike { throw .lost }
    return outcome
  }

  func confirm(_ change: PendingChange.ID, run: RunToken) async throws(AgentError) -> Outcome {
    if faults.strike { throw .silent }
    return try await host.confirm(change, run: run)
  }

  func answer(_ probes: [AnyProbe], secrets: Secrets) async throws(AgentError) -> [AnyProbe: AnyAnswer] {
    try await host.answer(probes, secrets: secrets)
  }

  func lease() async throws(AgentError) -> LeaseState { try await host.lease() }
  func claim(_ run: RunToken) async throws(AgentError) { try await host.claim(run) }
  func release(_ run: RunToken) async throws(AgentError) { try await host.release(run) }
  func close() async {}
}

extension Plan {
  fileprivate var text: String {
    PlanText(self, colour: false).text
  }
}

extension RunOutcome {
  fileprivate var troubles: [String] {
    steps.filter { !$0.succeeded }.map { "\($0.step) \($0.word): \($0.detail)" }
  }
}

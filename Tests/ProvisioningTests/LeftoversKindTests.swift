// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Testing
import Wings

/// Which stored things are needed, which stay beside them, and which go.
@Suite struct LeftoversKindTests {
  private static let id = LeftoversKind.id(on: "head1")
  private static let mac = MACAddress(bits: 0x5254_0011_0001)
  private static let desired = LeftoversKind.Desired(
    heads: ["head1", "head2"], images: ["compute/d0", "gpu/d0"], packages: ["k0"])

  private static func report(_ image: String?, _ stage: NodeReport.Stage = .ready) -> NodeReport {
    NodeReport(mac: mac, stage: stage, image: image, verified: true, age: 900_000, uptime: 5)
  }

  private static func image(_ name: String, _ age: Int) -> Stored {
    Stored(.init(.image, name), bytes: 100 << 20, age: age)
  }

  private static func steps(
    _ stored: [Stored], _ here: [NodeReport] = [], there: Inventory.Host? = .knowing(NodeReportsProbe().answered([]))
  ) throws -> [StepDraft] {
    var inventory = Inventory(
      hosts: ["head1": .knowing(StoredProbe().answered(stored), NodeReportsProbe().answered(here))], observedAt: 0)
    inventory.hosts["head2"] = there
    let answers = Answers(inventory, uninstalled: [])
    let actual = try LeftoversKind.interpret(id, desired, answers)
    let context = PlanContext(answers: answers, activeHead: "head1", changing: [], now: 0)
    return try LeftoversKind.steps(id, desired, actual, context)
  }

  private static func removed(_ drafts: [StepDraft]) -> [String] {
    drafts.flatMap { $0.operation.as(EnsureLeftoversAbsent.self)?.items ?? [] }.map(\.id.name)
  }

  private static let many = (0...4).map { image("compute/d\($0)", $0) }.reversed() + [image("gpu/d0", 9)]

  @Test func theDescribedAndTwoMoreStay() throws {
    let drafts = try Self.steps(Self.many)

    #expect(Self.removed(drafts) == ["compute/d3", "compute/d4"])
    #expect(drafts.map { $0.operation.target } == ["2 images (200 MiB)"])
    #expect(drafts[0].changes == ["- image compute/d3, 100 MiB", "- image compute/d4, 100 MiB"])
    #expect(try Self.steps(Self.many.filter { !["compute/d3", "compute/d4"].contains($0.id.name) }).isEmpty)
  }

  /// A node that has been silent for days may still run it, and whatever head heard it.
  @Test func whatANodeRunsStaysBesideThem() throws {
    #expect(Self.removed(try Self.steps(Self.many, [Self.report("compute/d4")])) == ["compute/d3"])
    #expect(Self.removed(try Self.steps(Self.many, [Self.report("compute/d1")])) == ["compute/d4"])
    let there = Inventory.Host.knowing(NodeReportsProbe().answered([Self.report("compute/d3", .failed)]))
    #expect(Self.removed(try Self.steps(Self.many, there: there)) == ["compute/d4"])
    // Seed 12619: root of a node said that another image had failed.
    var lying = Self.report("other/d9", .failed)
    (lying.readyAge, lying.readyImage) = (10, "compute/d3")
    #expect(Self.removed(try Self.steps(Self.many, [lying])) == ["compute/d4"])
  }

  @Test func nothingGoesWhileAHeadCannotTell() throws {
    let away = Inventory.Host.unreachable(AgentError(.unreachable, "no route", next: "Look."))
    #expect(try Self.steps(Self.many, there: away).isEmpty)
    let deaf = Inventory.Host.knowing(NodeReportsProbe().failed(AgentError(.commandFailed, "no log", next: "Look.")))
    #expect(try Self.steps(Self.many, there: deaf).isEmpty)
  }

  @Test func anImageThatTheDescriptionHasDroppedGoesWhole() throws {
    let stored = [Self.image("old/d1", 1), Self.image("old/d2", 2), Self.image("compute/d0", 3)]
    #expect(Self.removed(try Self.steps(stored)) == ["old/d1", "old/d2"])
    #expect(Self.removed(try Self.steps(stored, [Self.report("old/d2")])) == ["old/d1"])
  }

  @Test func programsThatRunAndBuildsThatMayGoOnStay() throws {
    let agents = (1...5).map { Stored(.init(.agent, "a\($0)"), bytes: 1, age: $0, isRunning: $0 == 5) }
    #expect(Self.removed(try Self.steps(agents)) == ["a3", "a4"])
    let layers = (0...3).map { Stored(.init(.packages, "k\($0)"), bytes: 1, age: 10 - $0) }
    #expect(Self.removed(try Self.steps(layers)) == ["k1"])
    let builds = [
      Stored(.init(.build, "compute-b1"), bytes: 0, age: 60), Stored(.init(.build, "gpu-b2"), bytes: 0, age: 4000),
    ]
    #expect(Self.removed(try Self.steps(builds)) == ["gpu-b2"])
  }
}

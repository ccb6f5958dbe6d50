// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Testing

@testable import Wings

/// Which nodes are told to fetch their identity again: those that run and are behind, and no other.
@Suite struct NodeRefreshKindTests {
  private static let server = IPv4Address(bits: 0x0a01_000a)
  private static let token = SecretRef("nodes/token")
  private static let mine = String(repeating: "a", count: 32)
  private static let newer = String(repeating: "b", count: 32)

  private static func row(_ number: Int, fingerprint: String = "f") -> NodeRefreshKind.Row {
    NodeRefreshKind.Row(
      name: HostID("node\(number)"), mac: MACAddress(bits: 0x5254_0000_0000 + UInt64(number)),
      address: IPv4Address(bits: 0x0a01_0100 + UInt32(number)), image: "compute/d", key: "compute",
      fingerprint: fingerprint)
  }

  private static func desired(_ rows: [NodeRefreshKind.Row], live: PackageSet.Live = .nothing, _ file: String = "1")
    -> NodeRefreshKind.Desired
  {
    NodeRefreshKind.Desired(
      heads: ["head1"], server: server, nodes: rows, secrets: ["compute": [token]],
      files: [.init(path: "/etc/live", live: live, fingerprint: file)])
  }

  private static func report(_ row: NodeRefreshKind.Row, _ identity: String?) -> NodeReport {
    NodeReport(
      mac: row.mac, stage: .ready, image: "compute/d", verified: true, age: 5, uptime: 100, server: server, every: 60,
      identity: identity)
  }

  private func drafts(
    _ desired: NodeRefreshKind.Desired, _ reports: [NodeReport], _ tags: [String: String], others: [SecretRef] = [],
    writing: Bool = false, before: NodeRefreshKind.Desired? = nil
  ) throws -> [StepDraft] {
    let state = NodeIdentitiesState(goal: "g", others: others, isIntact: true, tags: tags)
    let answers = Answers(
      Inventory(
        hosts: [
          "head1": .knowing(
            NodeIdentitiesProbe([.nodeIdentities, Self.token]).answered(state),
            NodeReportsProbe().answered(reports.sorted { $0.mac < $1.mac }))
        ], observedAt: 0), uninstalled: [])
    return try NodeRefreshKind.steps(
      NodeRefreshKind.id, desired, try NodeRefreshKind.interpret(NodeRefreshKind.id, desired, answers),
      PlanContext(
        answers: answers, activeHead: "head1", changing: writing ? [NodeIdentitiesKind.id(on: "head1")] : [], now: 0,
        previous: before))
  }

  private func nodes(_ drafts: [StepDraft]) -> [HostID] {
    drafts.flatMap { ($0.operation.base as? EnsureNodesRefreshed)?.goal.nodes.map(\.place.name) ?? [] }
  }

  @Test func oneThatRunsAndIsBehindIsTold() throws {
    let rows = (1...8).map { Self.row($0) }
    let tags = Dictionary(uniqueKeysWithValues: rows.map { ($0.name.name, Self.newer) })
    var silent = Self.report(rows[3], Self.mine)
    silent.age = 1000
    var other = Self.report(rows[4], Self.mine)
    other.image = "compute/old"
    var booting = Self.report(rows[5], Self.mine)
    booting.stage = .script
    var moved = Self.report(rows[6], Self.mine)
    moved.server = IPv4Address(bits: 0x0a01_00ff)
    var elsewhere = Self.report(rows[7], Self.mine)
    elsewhere.address = IPv4Address(bits: 0x0a01_00fe)
    let found = try drafts(
      Self.desired(rows, live: .restart("a.service")),
      [
        Self.report(rows[0], Self.mine), Self.report(rows[1], Self.newer), Self.report(rows[2], nil), silent, other,
        booting, moved, elsewhere,
      ], tags)

    #expect(nodes(found) == ["node1"])
    #expect(found.first?.disruption == .restart, "which files it lacks is not known")
  }

  @Test func onlyThoseThatAChangeIsAboutAreTold() throws {
    let old = [Self.row(1), Self.row(2)]
    let new = [Self.row(1), Self.row(2, fingerprint: "other")]
    let tags = ["node1": Self.mine, "node2": Self.mine]
    let reports = new.map { Self.report($0, Self.mine) }
    let before = Self.desired(old, live: .reload("a.service"))

    #expect(try drafts(Self.desired(old), reports, tags, before: before).isEmpty)
    let own = try drafts(
      Self.desired(new, live: .reload("a.service"), "2"), reports, tags, writing: true, before: before)
    #expect(nodes(own) == ["node2"] && own.first?.disruption == .reload)
    let secret = try drafts(
      Self.desired(old, live: .reload("a.service")), reports, tags, others: [Self.token], writing: true, before: before)
    #expect(nodes(secret) == ["node1", "node2"] && secret.first?.disruption == Step.Disruption.none)
    #expect(secret.first?.changes.isEmpty == true)
    #expect(nodes(try drafts(Self.desired(old), reports, tags, writing: true)) == ["node1", "node2"], "nothing known")
  }
}

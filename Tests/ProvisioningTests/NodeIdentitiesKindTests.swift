// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Testing

@testable import Wings

/// Plans of identities name secrets and nodes, and show no value.
@Suite struct NodeIdentitiesKindTests {
  private static let munge = SecretRef("generated/munge")
  private static let id = NodeIdentitiesKind.id(on: "head1")

  private static func goal(nodes: Int, _ paths: [String] = ["/etc/munge/munge.key"]) -> NodeIdentitiesGoal {
    NodeIdentitiesGoal(
      domain: "alps.example.org", heads: [IPv4Address(bits: 0x0a01_0001)],
      nodes: (1...nodes).map {
        .init(
          name: HostID("node\($0)"), addresses: [IPv4Address(bits: 0x0a01_0100 + UInt32($0))],
          image: $0 == 1 ? "plain" : "compute")
      },
      files: ["compute": paths.map { .init(path: $0, secret: munge, owner: "munge:munge", mode: 0o400) }])
  }

  private func drafts(
    _ goal: NodeIdentitiesGoal, _ state: NodeIdentitiesState?, before: NodeIdentitiesGoal? = nil
  ) throws -> [StepDraft] {
    let answers = Answers(
      Inventory(
        hosts: ["head1": .knowing(NodeIdentitiesProbe(goal.secrets).answered(state))], observedAt: 0), uninstalled: [])
    let desired = NodeIdentitiesKind.Desired(goal)
    return try NodeIdentitiesKind.steps(
      Self.id, desired, try NodeIdentitiesKind.interpret(Self.id, desired, answers),
      PlanContext(
        answers: answers, activeHead: "head1", changing: [], now: 0,
        previous: before.map(NodeIdentitiesKind.Desired.init)))
  }

  @Test func whatIsThereIsLeftAlone() throws {
    let goal = Self.goal(nodes: 3)
    #expect(try drafts(goal, .init(goal: goal.digest, others: [], isIntact: true)).isEmpty)
  }

  @Test func aHeadWithoutIdentitiesGetsAllOfThem() throws {
    let draft = try #require(try drafts(Self.goal(nodes: 3), nil).first)

    #expect(draft.because == "head1 has no identities of nodes" && draft.disruption == .none)
    #expect(
      draft.changes == [
        "+ 3 nodes", "+ /etc/munge/munge.key of image compute: secret:generated/munge, redacted, munge:munge 0400",
      ])
    #expect(draft.operation.secrets == [.nodeIdentities, Self.munge])
  }

  @Test func anotherValueOfASecretSaysWhatNodesNeed() throws {
    let goal = Self.goal(nodes: 3)
    let state = NodeIdentitiesState(goal: goal.digest, others: [Self.munge], isIntact: true)
    let draft = try #require(try drafts(goal, state, before: goal).first)

    #expect(draft.because == "they hold another secret:generated/munge")
    #expect(
      draft.changes == [
        "secret:generated/munge, redacted: changed for 2 nodes: at once where they run, else when they boot"
      ])
  }

  @Test func anotherKeyOfTheSiteIsSaidToBeOne() throws {
    let goal = Self.goal(nodes: 3)
    let state = NodeIdentitiesState(goal: goal.digest, others: [.nodeIdentities], isIntact: true)

    let changes = try drafts(goal, state, before: goal).flatMap(\.changes)

    #expect(changes.contains { $0.hasPrefix("secret:nodes/identity-key, other host keys for 3 nodes: at once where") })
  }

  @Test func nodesAndPathsThatComeAndGoAreListed() throws {
    let before = Self.goal(nodes: 2, ["/etc/old"])
    let state = NodeIdentitiesState(goal: before.digest, others: [], isIntact: true)
    let draft = try #require(try drafts(Self.goal(nodes: 3), state, before: before).first)

    #expect(draft.because == "they are for other nodes or files")
    #expect(draft.changes.map { String($0.prefix(12)) } == ["+ 1 node", "+ /etc/munge", "- /etc/old o"])
    #expect(try drafts(before, .init(goal: before.digest, others: [], isIntact: false), before: before).count == 1)
  }

  /// A head's note cannot be used to try values: it takes the key of the site, and each secret has tags of its own.
  @Test func tagsTellNothingWithoutTheKeyOfTheSite() {
    let value = Array("secret".utf8)
    let tags = [
      NodeIdentitiesNote.tag(Self.munge, value, site: [1]), NodeIdentitiesNote.tag(Self.munge, value, site: [2]),
      NodeIdentitiesNote.tag(SecretRef("other"), value, site: [1]), SHA256.hex(value),
    ]
    #expect(Set(tags).count == tags.count)
  }

  /// Until a generated secret is made, looking must not make it.
  @Test func whileASecretDoesNotExistYetTheNoteTellsEnough() throws {
    guard case .compares(let refs, let substitute) = NodeIdentitiesProbe([Self.munge, .nodeIdentities]).secrets else {
      Issue.record("it compares nothing")
      return
    }
    func meaning(_ state: FileState) throws -> NodeIdentitiesState? {
      try substitute.meaning(AnyAnswer(FileProbe.self, state)).value(of: NodeIdentitiesProbe.self)
    }
    #expect(refs == [Self.munge, .nodeIdentities])
    #expect(try meaning(.absent) == nil)
    #expect(try meaning(.other("a file"))?.isIntact == false)
  }
}

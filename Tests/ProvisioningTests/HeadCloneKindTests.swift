// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Testing

@testable import Wings

@Suite struct HeadCloneKindTests {
  private static let bmc = BMC(
    address: IPv4Address(bits: 1), protocol: .ipmi, user: "admin", password: SecretRef("bmc/head2"))
  private static let desired = HeadCloneKind.Desired(
    primary: "head1", capture: CaptureRecipe(clone: "head2", excluded: []),
    goal: CloneGoal(
      head: "head2", bmc: bmc, mac: MACAddress(bits: 2), address: IPv4Address(bits: 2), bootScript: "/b",
      installScript: "#!ipxe\n", identity: ["/etc/hostname": .text("head2\n")], deadlineSeconds: 60),
    image: "compute", wipe: false)
  private static let record = CloneRecord(head: "head2", capture: "c", installedAt: 1)

  private static func drafts(
    record: CloneRecord?, power: (AnyProbe, AnyAnswer), reachable: Bool, code: AgentError.Code = .unreachable,
    port: (AnyProbe, AnyAnswer) = SSHPortProbe(desired.goal.address).answered(false)
  ) throws -> [StepDraft] {
    let id = HeadCloneKind.id("head2")
    let silent = Inventory.Host.unreachable(AgentError(code, "silent", next: "Power it on."))
    let answers = Answers(
      Inventory(
        hosts: [
          "head1": .knowing(CloneProbe("head2").answered(record), power, port),
          "head2": reachable ? .answered([:]) : silent,
        ], observedAt: 0), uninstalled: [])
    let context = PlanContext(answers: answers, activeHead: "head1", changing: [], now: 0)
    return try HeadCloneKind.steps(id, desired, try HeadCloneKind.interpret(id, desired, answers), context)
  }

  private static let silence = AgentError(.bmcUnreachable, "no answer", next: "Look at its cable.")
  private static let unknown = PowerProbe(bmc).failed(silence)
  private static func power(_ state: PowerState) -> (AnyProbe, AnyAnswer) { PowerProbe(bmc).answered(state) }

  @Test func aBlankStandbyIsCapturedForAndInstalled() throws {
    let drafts = try Self.drafts(record: nil, power: Self.unknown, reachable: false)

    #expect(drafts.map(\.verb) == ["capture", "install"])
    #expect(drafts.map(\.host) == ["head1", "head1"])
    #expect(drafts.map(\.destructive) == [false, true])
    #expect(drafts.map(\.after) == [[ImageKind.id("compute")], [ImageKind.id("compute")]])
    #expect(
      drafts[1].changes.contains {
        $0 == "overwrite the only disk that is empty of head2; refused when it is not empty"
      })
  }

  /// Whatever comes back but nothing at all is from a machine that is not empty.
  @Test(arguments: AgentError.Code.allCases.filter { $0 != .unreachable })
  func oneThatAnswersButNotToUsIsNeverBlank(_ code: AgentError.Code) {
    #expect(throws: Unreadable.self) {
      try Self.drafts(record: nil, power: Self.unknown, reachable: false, code: code)
    }
  }

  @Test func oneThatTheOriginalHearsIsNeverBlank() {
    let port = SSHPortProbe(Self.desired.goal.address)
    for answer in [port.answered(true), port.failed(Self.silence)] {
      #expect(throws: Unreadable.self) {
        try Self.drafts(record: nil, power: Self.unknown, reachable: false, port: answer)
      }
    }
  }

  @Test func oneThatAnswersIsTakenOver() throws {
    let drafts = try Self.drafts(record: nil, power: Self.unknown, reachable: true)
    #expect(drafts.map(\.operation) == [AnyOperation(EnsureCloneNoted(head: "head2"))])
    #expect(drafts.map(\.host) == ["head1"] && !drafts[0].destructive && drafts[0].disruption == .none)
    #expect(try Self.drafts(record: Self.record, power: Self.unknown, reachable: true).isEmpty)
  }

  @Test func oneThatIsOffIsSwitchedOn() throws {
    let drafts = try Self.drafts(record: Self.record, power: Self.power(.off), reachable: false)

    #expect(drafts.map(\.operation) == [AnyOperation(EnsurePower(bmc: Self.bmc, state: .on, of: .head("head2")))])
    #expect(drafts.map(\.after) == [[]], "one that is there waits for no image")
  }

  private static func removal(record: (AnyProbe, AnyAnswer), uninstalled: Set<HostID>) throws -> [StepDraft] {
    let id = HeadCloneKind.id("head2")
    let answers = Answers(
      Inventory(
        hosts: ["head1": .knowing(record, power(.off))], observedAt: 0),
      uninstalled: uninstalled)
    let context = PlanContext(answers: answers, activeHead: "head1", changing: [], now: 0)
    return try HeadCloneKind.interpret(id, desired, answers).map {
      HeadCloneKind.removal(id, desired, $0, context)
    } ?? []
  }

  @Test func thePrimaryForgetsOneThatLeft() throws {
    let drafts = try Self.removal(record: CloneProbe("head2").answered(Self.record), uninstalled: ["head2"])

    #expect(drafts.map(\.operation) == [AnyOperation(EnsureCloneAbsent(head: "head2"))])
    #expect(drafts.map(\.host) == ["head1"] && !drafts[0].destructive)
    #expect(try Self.removal(record: CloneProbe("head2").answered(nil), uninstalled: ["head2"]).isEmpty)
    // Unknown is not absent.
    #expect(throws: Unreadable.self) {
      try Self.removal(record: CloneProbe("head2").failed(Self.silence), uninstalled: ["head2"])
    }
  }

  @Test func oneThatIsNoCloneAnyMoreIsStillTheOneThatWasInstalled() throws {
    #expect(try Self.removal(record: CloneProbe("head2").answered(Self.record), uninstalled: []).isEmpty)
  }

  @Test func oneThatIsOnAndSilentIsNeverInstalledAnew() {
    #expect(throws: Unreadable.self) { try Self.drafts(record: Self.record, power: Self.power(.on), reachable: false) }
    #expect(throws: Unreadable.self) { try Self.drafts(record: Self.record, power: Self.unknown, reachable: false) }
  }
}

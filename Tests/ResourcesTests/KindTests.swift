// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Wings
import Testing

/// The rules of single kinds, over answers written by hand.
@Suite struct KindTests {
  private let host: HostID = "head1"

  /// The steps of a kind, given what the host answers.
  private func steps<Kind: ResourceKind>(
    _ kind: Kind.Type, _ id: ResourceID, _ desired: Kind.Desired, _ answers: (AnyProbe, AnyAnswer)...,
    changing: Set<ResourceID> = []
  ) throws -> [StepDraft] {
    let inventory = Inventory(hosts: [host: .answered(Dictionary(uniqueKeysWithValues: answers))], observedAt: 0)
    let seen = Answers(inventory, uninstalled: [])
    let context = PlanContext(answers: seen, activeHead: host, changing: changing, now: 0)
    return try kind.steps(id, desired, try kind.interpret(id, desired, seen), context)
  }

  private func facts(_ text: String, mode: UInt16 = 0o644, owner: String = "root") -> FileState {
    .file(
      FileFacts(
        digest: SHA256.hex(text), size: text.utf8.count, mode: mode, owner: owner, group: "root", contents: text,
        managed: true))
  }

  // MARK: Files

  @Test func aFileIsLookedAtOnlyAsFarAsTheSpecGoes() throws {
    let id = FileKind.id(on: host, "/etc/a")
    let plain = FileKind.Desired(FileGoal(path: "/etc/a", contents: .text("a\n")))
    let strict = FileKind.Desired(FileGoal(path: "/etc/a", contents: .text("a\n"), mode: 0o600, owner: "root:root"))
    let theirs = FileProbe("/etc/a").answered(facts("a\n", mode: 0o666, owner: "nobody"))

    #expect(try steps(FileKind.self, id, plain, theirs).isEmpty)
    #expect(
      try steps(FileKind.self, id, strict, theirs).first?.changes
        == ["mode 0666 -> 0600", "owner nobody:root -> root:root"])
  }

  @Test func aFileShowsItsDiff() throws {
    let id = FileKind.id(on: host, "/etc/a")
    let desired = FileKind.Desired(FileGoal(path: "/etc/a", contents: .text("one\nthree\n")))

    let drafts = try steps(
      FileKind.self, id, desired, FileProbe("/etc/a").answered(facts("one\ntwo\n")))

    #expect(drafts.map(\.verb) == ["write"])
    #expect(drafts.first?.changes == ["@@ -1,2 +1,2 @@", " one", "-two", "+three"])
  }

  @Test func anEmptyFileThatIsMissingIsAStepToo() throws {
    let id = FileKind.id(on: host, "/etc/a")
    let desired = FileKind.Desired(FileGoal(path: "/etc/a", contents: .text("")))

    #expect(try steps(FileKind.self, id, desired, FileProbe("/etc/a").answered(.absent)).count == 1)
  }

  @Test func anAnswerThatFailedIsNotAbsence() throws {
    let id = FileKind.id(on: host, "/etc/a")
    let desired = FileKind.Desired(FileGoal(path: "/etc/a", contents: .text("a")))
    let error = AgentError(.permission, "no", next: "ask")

    #expect(throws: Unreadable.failed(host, error)) {
      try steps(FileKind.self, id, desired, FileProbe("/etc/a").failed(error))
    }
    #expect(throws: Unreadable.unasked(host)) { try steps(FileKind.self, id, desired) }
  }

  // MARK: Trees

  @Test func manyChangedFilesAreFolded() throws {
    let id = TreeKind.id(on: host, "/srv/t")
    let files = Dictionary(
      uniqueKeysWithValues: (100..<130).map { ("f\($0)", TreeGoal.Entry(.text("\($0)"))) })
    let desired = TreeKind.Desired(TreeGoal(root: "/srv/t", files: files))
    let there = TreeState(exists: true, files: ["f100": SHA256.hex("other"), "old": SHA256.hex("old")])

    let draft = try #require(try steps(TreeKind.self, id, desired, TreeProbe("/srv/t").answered(there)).first)

    #expect(draft.changes.count == 10)
    #expect(draft.changes.first == "* f100")
    #expect(draft.changes.last == "and 22 more: 21 new, 1 removed")
    #expect(draft.because == "31 of the files in /srv/t differ")
  }

  // MARK: Units

  private let unitID = UnitKind.id(on: "head1", "web.service")
  private let config = FileKind.id(on: "head1", "/etc/web.conf")
  private let data = TreeKind.id(on: "head1", "/etc/web")

  private func unit(
    enabled: Bool? = true, active: Bool? = true, state: UnitState, changing: Set<ResourceID> = []
  ) throws -> StepDraft? {
    let goal = UnitGoal(
      name: "web.service", enabled: enabled, active: active, configuration: ["/etc/web.conf", "/etc/web"],
      reload: .restart)
    let desired = UnitKind.Desired(goal, watches: [config], reloadsFor: [data])
    let probe = UnitProbe(goal.name, configuration: goal.configuration)
    return try steps(UnitKind.self, unitID, desired, probe.answered(state), changing: changing).first
  }

  private func state(
    enabled: Bool = true, active: String = "active", _ configuration: UnitState.Configuration = .loaded
  ) -> UnitState {
    UnitState(exists: true, enabled: enabled, masked: false, active: active, configuration: configuration)
  }

  @Test func aUnitThatIsAsDesiredIsLeftAlone() throws {
    #expect(try unit(state: state()) == nil)
    #expect(try unit(enabled: false, active: nil, state: state(enabled: false)) == nil)
    #expect(try unit(enabled: nil, active: nil, state: state(enabled: false, active: "inactive", .notRunning)) == nil)
  }

  @Test func aUnitTakesUpWhatChanges() throws {
    let restart = try unit(state: state(), changing: [config, data])
    #expect(restart?.verb == "restart" && restart?.disruption == .restart)
    // What a reload reads needs no restart.
    let reload = try unit(state: state(), changing: [data])
    #expect(reload?.verb == "reload" && reload?.disruption == .reload)
    // A run that died before it reloaded is finished by the next one.
    let stale = try unit(state: state(.stale))
    #expect(stale?.verb == "restart" && stale?.because == "web.service runs with an older configuration")
  }

  @Test func aUnitUnderPacemakerIsLoadedAndNeverStarted() throws {
    let stopped = state(enabled: false, active: "inactive", .notRunning)
    #expect(try unit(enabled: false, active: nil, state: stopped, changing: [config]) == nil)
    let running = try unit(enabled: false, active: nil, state: state(enabled: false), changing: [config])
    #expect(running?.verb == "restart")
  }

  @Test func aStoppedUnitIsStartedOnce() throws {
    let draft = try unit(state: state(enabled: false, active: "failed", .notRunning), changing: [config])

    #expect(draft?.verb == "start" && draft?.disruption == Step.Disruption.none)
    #expect(draft?.changes == ["disabled -> enabled", "failed -> active"])
  }

  // MARK: Links

  @Test func serviceAddressesOnALinkStay() throws {
    let goal = LinkGoal(
      interface: "eth0", address: try #require(IPv4Address("10.1.0.1")), prefix: 16, gateway: nil)
    let link = LinkState(name: "eth0", mac: nil, up: true, addresses: ["10.1.0.1/16", "10.1.0.10/16"], gateways: [])

    let drafts = try steps(
      LinkKind.self, LinkKind.id(on: host, "eth0"), .init(goal),
      FileProbe(LinkKind.path("eth0")).answered(facts(LinkKind.contents(goal))), LinksProbe().answered([link]))

    #expect(drafts.isEmpty)
  }

  /// Names move between cards: a new one in a lower slot, another kernel, a name that was mistyped.
  @Test func anotherCardIsNotConfigured() throws {
    let goal = LinkGoal(interface: "eth1", address: try #require(IPv4Address("10.1.0.1")), prefix: 16, gateway: nil)
    let (ours, theirs) = (try #require(MACAddress("52:54:00:01:00:01")), try #require(MACAddress("52:54:00:01:00:02")))
    func links(_ mac: MACAddress, _ name: String) -> [LinkState] {
      [
        LinkState(name: name, mac: mac, up: true, addresses: [], gateways: []),
        LinkState(name: "eth9", mac: ours, up: true, addresses: [], gateways: []),
      ]
    }
    func plan(_ links: [LinkState]) throws -> [StepDraft] {
      try steps(
        LinkKind.self, LinkKind.id(on: host, "eth1"), .init(goal, mac: ours),
        FileProbe(LinkKind.path("eth1")).answered(.absent), LinksProbe().answered(links))
    }

    #expect(try plan(links(ours, "eth1")).map(\.verb) == ["write", "apply"])
    let other = #expect(throws: Unreadable.self) { try plan(links(theirs, "eth1")) }
    let missing = #expect(throws: Unreadable.self) { try plan(links(ours, "eth0")) }
    for (error, words) in [
      (other, "eth1 of head1 has the MAC address 52:54:00:01:00:02, not 52:54:00:01:00:01; eth9 has that one"),
      (missing, "head1 has no card eth1, only eth0, eth9"),
    ] {
      guard case .failed(_, let reason) = error else {
        Issue.record("\(words): \(String(describing: error))")
        continue
      }
      #expect(reason.message == words)
    }
  }

  // MARK: Packages

  @Test func onlyMissingPackagesAreInstalled() throws {
    let desired = PackagesKind.Desired(["b", "a", "c", "a"])
    let probe = PackagesProbe(["a", "b", "c"])

    let drafts = try steps(
      PackagesKind.self, PackagesKind.id(on: host, "base"), desired, probe.answered(["b": "1"]))

    #expect(drafts.map(\.operation) == [AnyOperation(EnsurePackages(["a", "c"]))])
  }
}

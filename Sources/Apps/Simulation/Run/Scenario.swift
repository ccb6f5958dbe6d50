// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Execution
import Reconciler
import Simulator
import Synchronization
import Wings

/// All that one seed stands for: a site, what is edited, what goes wrong, and what must be true all the same.
package final class Scenario {
  package let seed: UInt64
  private let templates: Templates
  private var random: SplitMix
  private var drawn: DrawnSite
  private let loop: EventLoop
  private let site: VirtualSite
  private let admins: [AdminMachine]
  /// Whoever runs `cluster plan` on it only looks.
  private let reader: AdminMachine
  /// Whoever runs verbs that act.
  private let runner: AdminMachine
  private var verbs: SplitMix
  private var rarities: SplitMix
  private var killed: [SimulatedProcess] = []
  private var applies = 0

  /// The outcome.
  package struct Result: Sendable {
    package var seed: UInt64
    /// The first thing that must not happen and did.
    package var violation: Violation?
    package var story: Story
    package var applies: Int
  }

  /// More jobs and events than any drawn site needs.
  private static let limit = 2_000_000
  /// So many runs after the last fault must be enough.
  private static let mostApplies = 6

  package init(
    seed: UInt64, watching watch: Watch = Watch(), sabotaging sabotage: Sabotage? = nil,
    templates: Templates = .ofThisProcess
  ) throws {
    self.seed = seed
    self.templates = templates
    random = SplitMix(seed: seed)
    // Neighbours in the row of seeds must not look alike.
    random = SplitMix(seed: random.next())
    verbs = SplitMix(seed: ~seed)
    rarities = SplitMix(seed: seed &* 0x9E37_79B9_7F4A_7C15)
    drawn = DrawnSite(&random)
    loop = EventLoop(seed: random.next())
    var begun = try Scenario.begin(drawn, templates, fromNothing: random.chance(0.2))
    if verbs.chance(0.5) { begun.world.storeEarlierImages(try templates.description(drawn).cluster, &verbs) }
    site = VirtualSite(begun.world, in: loop, seed: random.next(), watching: watch, sabotaging: sabotage)
    let history = MemoryHistory(begun.history)
    var streams = [random.split(), random.split()]
    runner = AdminMachine("runner", of: site, history: history, random: verbs.split())
    reader = AdminMachine("reader", of: site, history: history, random: random.split())
    admins = ["admin1", "admin2"].map { [site] name in
      AdminMachine(name, of: site, history: history, random: streams.removeLast())
    }
    site.watch { _ = $0.dryRuns.insert("reader") }
    if rarities.chance(0.3) { plugInAnother() }
    site.tell(
      .fate(
        "a site with \(drawn.heads + drawn.spares) heads, \(drawn.nodes) nodes, "
          + (drawn.isHighlyAvailable ? "HA" : "no HA")))
  }

  /// The primary has a card more than the description knows, with an address that somebody else takes care of.
  private func plugInAnother() {
    let (head, card, address) = (HostID("head1"), "eth7", "192.0.2.7/24")
    site.change("\(head) has a card \(card) besides, with \(address)") { world in
      world.machines[head]?.plugIn(LinkState(name: card, mac: nil, up: true, addresses: [address], gateways: []))
    }
    site.watch { $0.foreign.append(.address(head, link: card, address)) }
  }

  private static func begin(_ drawn: DrawnSite, _ templates: Templates, fromNothing: Bool) throws -> (
    world: FakeWorld, history: [MemoryHistory.Run]
  ) {
    if fromNothing { return (FakeWorld(try templates.description(drawn).cluster), []) }
    let undisturbed = try templates.undisturbed(drawn)
    return (undisturbed.world, undisturbed.history)
  }

  package func run() throws -> Result {
    for _ in 0..<(1 + random.below(3)) where site.violations.isEmpty { try round() }
    if site.violations.isEmpty { try settle() }
    for process in killed { process.bury() }
    _ = loop.run(atMost: Self.limit) { false }
    return Result(seed: seed, violation: site.violations.first, story: site.story, applies: applies)
  }

  // MARK: Trouble

  /// Perhaps an edit; then a run, with all that goes wrong meanwhile.
  private func round() throws {
    let before = drawn
    if random.chance(0.75) {
      let words = drawn.edit(&random)
      site.tell(.fate("somebody edits cluster.yaml: \(words)"))
    }
    let description = try templates.description(drawn)
    expect([before, drawn], [description])
    let plan = FaultPlan(
      .init(
        heads: description.cluster.heads.map(\.name), nodes: description.cluster.nodes.map(\.name), machines: admins),
      &random)
    let theirs = try plan.rivalEdits ? editMeanwhile(before, description) : description
    site.setConditions(plan.conditions)
    var draws = random.split()
    for (at, fault) in plan.timed + FaultPlan.rare(description.cluster, &rarities) {
      let stream = draws.split()
      loop.after(at) { [site] in
        var own = stream
        fault.strike(site, &own)
      }
    }
    let open = Mutex<Set<Int>>([0])
    let over: @Sendable (Int) -> Void = { number in open.withLock { _ = $0.remove(number) } }
    applies += 1
    let first = Self.start(admins[0], description, site, thinking: plan.answeredAfter) { _ in over(0) }
    if let jobs = plan.killedAfterJobs {
      first.kill(afterJobs: jobs) { [site, admins] in
        site.tell(.fate("the process of admin1 is killed"))
        admins[0].killed(first)
        over(0)
      }
      killed.append(first)
    }
    if let after = plan.rivalAfter {
      open.withLock { _ = $0.insert(1) }
      let rival = admins[1]
      applies += 1
      loop.after(after) { [site] in _ = Self.start(rival, theirs, site) { _ in over(1) } }
    }
    if let after = plan.lookedAtAfter { look(description, after) }
    if let (errand, after) = drawErrand(description) {
      open.withLock { _ = $0.insert(2) }
      applies += 1
      loop.after(after) { [site, runner] in
        _ = Self.start(runner, description, site, errand: errand) { _ in over(2) }
      }
    }
    finish { open.withLock(\.isEmpty) }
    site.setConditions(.calm)
  }

  /// Sometimes a verb that acts, from somebody who has not asked what else is at work.
  ///
  /// Drawn from a row of its own: all else about a seed is the same with it and without.
  private func drawErrand(_ description: Description) -> (errand: DrawnErrand, after: Duration)? {
    guard verbs.chance(0.15) else { return nil }
    let after = verbs.duration(from: .milliseconds(1), to: .seconds(300))
    let (nodes, heads) = (description.cluster.nodes.map(\.name), description.cluster.heads.map(\.name))
    guard let head = verbs.among(heads), let action = verbs.among(PowerErrand.Action.allCases) else { return nil }
    switch verbs.below(5) {
    case 0: return (DrawnErrand { _ in SwitchoverErrand(to: head) }, after)
    case 1: return (DrawnErrand { PowerErrand(action, [head], token: $0) }, after)
    case 2:
      let serving = verbs.chance(0.5)
      return (DrawnErrand { FenceTestErrand(head, serving: serving, token: $0) }, after)
    default: return verbs.among(nodes).map { node in (DrawnErrand { PowerErrand(action, [node], token: $0) }, after) }
    }
  }

  /// Somebody looks at what a run would do, at some moment of it.
  private func look(_ description: Description, _ after: Duration) {
    loop.after(after) { [site, reader] in
      _ = reader.plan(description) { result in
        switch result {
        case .success(let proposal): site.tell(.ended(process: reader.name, "sees \(proposal.plan.steps.count) steps"))
        case .failure(let error): site.tell(.ended(process: reader.name, "is refused: \(error)"))
        }
      }
    }
  }

  /// Somebody else has a newer description, and applies that.
  private func editMeanwhile(_ before: DrawnSite, _ description: Description) throws -> Description {
    let first = drawn
    let words = drawn.edit(&random)
    site.tell(.fate("admin2 has edited cluster.yaml: \(words)"))
    let theirs = try templates.description(drawn)
    expect([before, first, drawn], [description, theirs])
    return theirs
  }

  private func expect(_ drawn: [DrawnSite], _ descriptions: [Description]) {
    let addresses = drawn.reduce(into: Set<IPAddress>()) { $0.formUnion($1.serviceAddresses) }
    let away = drawn.map(\.mostNodesAway).max() ?? 1
    let nodes = Set(descriptions.flatMap { $0.cluster.nodes.map(\.name) })
    site.watch {
      $0.described(nodes)
      $0.serviceAddresses = addresses
      $0.mostNodesAway = away
    }
    site.change("machines of the description are there") { world in
      for description in descriptions {
        world.unpack(description.cluster)
        world.installOwnUnits(of: description.cluster)
      }
    }
  }

  private static func start(
    _ admin: AdminMachine, _ description: Description, _ site: VirtualSite, thinking: Duration = .zero,
    errand: DrawnErrand? = nil, _ over: @escaping @Sendable (AdminMachine.Verdict) -> Void
  ) -> SimulatedProcess {
    admin.apply(description, thinking: thinking, errand: errand) { verdict in
      site.tell(.ended(process: admin.name, verdict.words))
      over(verdict)
    }
  }

  /// Lets things happen until it is so. Whoever waits for ever breaks a rule.
  private func finish(_ isOver: @escaping () -> Bool) {
    switch loop.run(atMost: Self.limit, until: isOver) {
    case .over: break
    case .stuck: site.watch { $0.note(.ends, "a run waits for something that never comes") }
    case .tooLong: site.watch { $0.note(.ends, "a run goes on and on") }
    }
  }

  // MARK: And its end

  /// Once nothing goes wrong any more, a few runs put everything right, and the next one finds nothing to do.
  private func settle() throws {
    wait(.seconds(1000))
    site.change("nothing goes wrong any more") { $0.recover() }
    for admin in admins {
      for head in site.world.machines.keys.sorted() { site.restoreConnection(from: admin.name, to: head) }
    }
    wait(.seconds(130))
    let description = try templates.description(drawn)
    var last = ""
    var isWhole = false
    for _ in 0..<Self.mostApplies where site.violations.isEmpty {
      let verdict = apply(description)
      if case .success(.nothingToDo) = verdict { return check(try templates.undisturbed(drawn)) }
      last = verdict?.words ?? "does not end"
      if isWhole {
        let found = last
        site.watch { $0.note(.replanIsEmpty, "after a run that left nothing to do, another one \(found)") }
      }
      if case .success(.applied(let applied)) = verdict { isWhole = applied.isConverged && applied.isWhole }
    }
    if site.violations.isEmpty {
      let left = last
      site.watch { $0.note(.converges, "after \(Self.mostApplies) undisturbed runs there is still work: \(left)") }
    }
  }

  private func apply(_ description: Description) -> AdminMachine.Verdict? {
    let verdict = Mutex<AdminMachine.Verdict?>(nil)
    applies += 1
    _ = Self.start(admins[0], description, site) { value in verdict.withLock { $0 = value } }
    finish { verdict.withLock { $0 != nil } }
    return verdict.withLock { $0 }
  }

  private func wait(_ time: Duration) {
    let over = Mutex(false)
    loop.after(time) { over.withLock { $0 = true } }
    finish { over.withLock { $0 } }
  }

  /// It has come to the same end as a site that nothing ever happened to.
  private func check(_ undisturbed: Undisturbed) {
    let differences = SameEnd.differences(site.world, undisturbed.world)
    guard let first = differences.first else { return }
    site.watch {
      $0.note(.sameEnd, "not as on a site where nothing went wrong: \(first) (\(differences.count) in all)")
    }
  }
}

extension FakeWorld {
  /// Images of earlier descriptions lie on the heads, and a node may run one of them.
  fileprivate mutating func storeEarlierImages(_ cluster: Cluster, _ random: inout SplitMix) {
    guard let name = cluster.images.first?.name else { return }
    let images = (1...5).prefix(1 + random.below(5)).map { number in
      ImageState(
        name: name, digest: "000000000000000\(number)", squashfs: "\(number)", bytes: number << 20, packages: [:])
    }
    for head in machines.keys.sorted() where !uninstalled.contains(head) {
      for image in images where random.chance(0.8) {
        machines[head]?.images["\(name)/\(image.digest)"] = image
        machines[head]?.imagesMadeAt["\(name)/\(image.digest)"] = image.bytes
      }
    }
    let up = nodes.keys.sorted().filter { nodes[$0]?.image != nil }
    guard !up.isEmpty, random.chance(0.5) else { return }
    let (node, image) = (up[random.below(up.count)], images[random.below(images.count)])
    nodes[node]?.image = "\(name)/\(image.digest)"
    hear()
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// A plan in the making. Steps are numbers in here, in an order in which each stands after what it depends on.
struct PlanBuilder {
  /// Steps to come after.
  private struct Before {
    var all: [Int] = []
    /// The ones that it only follows, without needing them.
    var onlyAfter: Set<Int> = []
  }

  /// The planning result of one desired resource.
  private struct Standing {
    /// The steps that have to be done before the resource is as desired: its own last ones, or those of what it
    /// depends on when it has none.
    var last = Before()
    /// The blocked resource that it is, or waits for.
    var blockedBy: ResourceID?
  }

  private let desired: [Resource]
  private let previous: [ResourceID: any DesiredState]
  private let previously: [ManagedResource]
  private let inventory: Inventory
  private let catalog: [String: AnyKind]
  private let activeHead: HostID
  private let now: Int
  private let establishers: [HostID: Int]
  /// The claims of the desired resources.
  private let owned: Ownership
  private let ids: Set<ResourceID>

  private var places: [Standing]
  /// The planning results of resources that are dropped and removed first, by resource.
  private var released: [ResourceID: Standing] = [:]
  private var answers: Answers
  private var uninstalled: Set<HostID> = []
  private var changing: Set<ResourceID> = []
  private var steps: [Step] = []
  private var after: [[Int]] = []
  private var onlyAfter: [Set<Int>] = []
  /// Whether another step comes after it.
  private var hasFollower: [Bool] = []
  private var blocked: [Blocked] = []
  private var leaving: [LeavingHead] = []
  /// The resources of heads that leave, or of which nobody can tell whether they may.
  private var left: Set<ResourceID> = []
  /// The steps by which heads that stay forget those that leave.
  private var forgetting: [(id: ResourceID, drafts: [StepDraft])] = []

  init(
    _ wanted: DesiredResources, previously: [ManagedResource], inventory: Inventory, activeHead: HostID, now: Int
  ) {
    let desired = wanted.resources
    self.desired = desired
    self.previously = previously
    previous = Dictionary(previously.map { ($0.id, $0.desired) }) { first, _ in first }
    self.inventory = inventory
    catalog = wanted.catalog
    self.activeHead = activeHead
    owned = wanted.owned
    ids = wanted.ids
    self.now = now
    establishers = Dictionary(
      desired.indices.compactMap { index in desired[index].establishes.map { ($0, index) } }
    ) { first, _ in first }
    places = Array(repeating: Standing(), count: desired.count)
    answers = Answers(inventory, uninstalled: [])
  }

  /// A host that cannot be reached, because what makes it was seen not to have happened, has nothing yet. That is found
  /// out before anything is planned: also what comes before the making of a host may ask about it.
  mutating func findBlankHosts(_ order: [Int]) {
    for index in order {
      let resource = desired[index]
      guard let host = resource.establishes, !answers.isReachable(host), let kind = catalog[resource.id.kind],
        // What makes it cannot be looked at: then the host is unknown, and its own entry in the plan says why.
        let examined = try? kind.examine(resource.id, resource.desired, answers), !examined.present
      else { continue }
      uninstalled.insert(host)
      answers = Answers(inventory, uninstalled: uninstalled)
    }
  }

  /// Plans one desired resource. Those it comes after were added before.
  ///
  /// - Parameter mayComeAfter: those that its drafts may name.
  mutating func add(_ index: Int, after dependencies: [Int], mayComeAfter: [Int]) {
    let resource = desired[index]
    guard let kind = catalog[resource.id.kind] else { return }
    do throws(Unreadable) {
      let examined = try kind.examine(resource.id, resource.desired, answers)
      let drafts = try examined.steps(context(for: resource.id))
      let waitsFor = cause(resource, drafts, dependencies)
      if drafts.isEmpty {
        var last = lastSteps(of: dependencies)
        // A host that is there needs no longer what it was made with; it still is the second to change.
        if resource.establishes != nil { last.onlyAfter = Set(last.all) }
        places[index] = Standing(last: last, blockedBy: waitsFor)
      } else if let waitsFor {
        block(resource, .waitsFor(waitsFor), index)
      } else {
        let last = append(
          drafts, resource.id, resource.because, resource.source, parts: resource.parts,
          after: lastSteps(of: dependencies, resource.afterRemoval.compactMap { released[$0] }),
          named: released.merging(mayComeAfter.map { (desired[$0].id, places[$0]) }) { first, _ in first })
        places[index] = Standing(last: Before(all: last))
        changing.insert(resource.id)
      }
    } catch {
      if case .unreachable(let host, _) = error, let maker = establishers[host], maker != index,
        let cause = places[maker].blockedBy
      {
        block(resource, .waitsFor(cause), index)
      } else {
        block(resource, .unreadable(error), index)
      }
    }
  }

  /// The blocked resource that this one has to wait for. Nil: there is none.
  private func cause(_ resource: Resource, _ drafts: [StepDraft], _ dependencies: [Int]) -> ResourceID? {
    if let needed = dependencies.lazy.compactMap({ places[$0].blockedBy }).first { return needed }
    if drafts.isEmpty { return nil }
    let others = resource.afterRemoval + (resource.mayComeAfter.isEmpty ? [] : Set(drafts.flatMap(\.after)).sorted())
    // One with nothing to do need not be waited for, whatever it depends on.
    return others.first { other in blocked.contains { $0.resource == other } }
  }

  /// Made anew for each resource and gone before `changing` grows, so that the set is never copied.
  private func context(
    for id: ResourceID, _ isOwned: @escaping @Sendable (Claim) -> Bool = { _ in false }
  ) -> PlanContext {
    PlanContext(
      answers: answers, activeHead: activeHead, changing: changing, now: now, previous: previous[id], isOwned: isOwned)
  }

  private mutating func block(_ resource: Resource, _ reason: Blocked.Reason, _ index: Int) {
    blocked.append(
      Blocked(resource: resource.id, reason: reason, next: reason.next, source: resource.source))
    places[index] = Standing(blockedBy: resource.id)
  }

  private func lastSteps(of dependencies: [Int], _ more: [Standing] = []) -> Before {
    if dependencies.count == 1, more.isEmpty { return places[dependencies[0]].last }
    var (needed, all): (Set<Int>, Set<Int>) = ([], [])
    for last in dependencies.map({ places[$0].last }) + more.map(\.last) {
      all.formUnion(last.all)
      needed.formUnion(last.onlyAfter.isEmpty ? last.all : last.all.filter { !last.onlyAfter.contains($0) })
    }
    // What another one of them comes after anyway need not be said again.
    let implied = Set(
      needed.lazy.flatMap { [after, onlyAfter] step in after[step].filter { !onlyAfter[step].contains($0) } })
    let left = all.subtracting(implied)
    return Before(all: left.sorted(), onlyAfter: left.subtracting(needed))
  }

  /// Adds a resource's steps and gives its last ones.
  private mutating func append(
    _ drafts: [StepDraft], _ id: ResourceID, _ reason: String, _ source: SourceSpan?,
    parts: [String: SourceSpan] = [:], after first: Before, named: [ResourceID: Standing] = [:], prunes: Bool = false
  ) -> [Int] {
    let name = id.description
    var (before, group) = (first, [Int]())
    for draft in drafts {
      if !draft.independent, !group.isEmpty { (before, group) = (Before(all: group), []) }
      let preceding = preceding(draft, before, named)
      for step in preceding.all { hasFollower[step] = true }
      group.append(steps.count)
      after.append(preceding.all)
      onlyAfter.append(preceding.onlyAfter)
      hasFollower.append(false)
      let because = [reason, draft.because].filter { !$0.isEmpty }.joined(separator: ": ")
      steps.append(
        Step(
          id: StepID(name + "/" + draft.verb), resource: id, host: draft.host, operation: draft.operation, after: [],
          disruption: draft.disruption, because: because, source: draft.part.flatMap { parts[$0] } ?? source,
          changes: draft.changes,
          destructive: draft.destructive, prunes: prunes, place: draft.place))
    }
    return group.filter { !hasFollower[$0] }
  }

  /// The steps that a draft comes after: those that its resource comes after, and those it names itself.
  private func preceding(_ draft: StepDraft, _ before: Before, _ named: [ResourceID: Standing]) -> Before {
    var preceding = before
    for other in draft.after {
      // Where the other one has nothing to do, these are steps of what it depends on.
      let last = named[other]?.last.all.filter { steps[$0].resource == other } ?? []
      preceding.all += last.filter { !preceding.all.contains($0) }
    }
    return preceding
  }

  /// Plans to take away what has to go before anything else is done.
  ///
  /// - Parameter undescribed: see `prune`.
  mutating func releaseFirst(without undescribed: Set<HostID>) {
    let answers = undescribed.isEmpty ? answers : Answers(inventory, uninstalled: uninstalled.union(undescribed))
    for managed in previously where !ids.contains(managed.id) {
      guard let kind = catalog[managed.id.kind], kind.isRemovedFirst else { continue }
      do throws(Unreadable) {
        let drafts = try kind.examine(managed.id, managed.desired, answers).removal(context(for: managed.id))
        let last = append(drafts, managed.id, "", nil, after: Before(), prunes: true)
        released[managed.id] = Standing(last: Before(all: last))
      } catch {
        block(managed, .unreadable(error))
        released[managed.id] = Standing()
      }
    }
  }

  /// Plans to forget what heads have that the description dropped. One that may still act in the cluster is not let go.
  ///
  /// - Parameter heads: those that stay, which tell who is in the cluster.
  /// - Returns: heads that are up still: cut off from the others, they would fence them.
  mutating func release(_ dropped: [LeavingHead], heads: HeadOrder) -> [PlanProblem] {
    var present: [PlanProblem] = []
    for head in dropped {
      left.formUnion(head.resources)
      var unreadable: Unreadable?
      for witness in heads.all {
        do throws(Unreadable) {
          guard let members = try heads.sight.members(witness, answers) else { continue }
          if members.contains(head.host) { present.append(.leavesWhileUp(head.host, seenBy: witness)) }
        } catch { unreadable = unreadable ?? error }
      }
      let had = Set(head.resources)
      let made = previously.filter { $0.desired.establishes == head.host && had.contains($0.id) }
      do throws(Unreadable) {
        if let unreadable { throw unreadable }
        forgetting += try made.map { (managed) throws(Unreadable) in (managed.id, try removal(managed)) }
        leaving.append(head)
      } catch {
        for managed in previously where had.contains(managed.id) { block(managed, .unreadable(error)) }
      }
    }
    return present
  }

  /// Plans what the heads that stay forget of those that leave: when all else is done, and only then.
  mutating func forget() {
    if forgetting.allSatisfy(\.drafts.isEmpty) { return }
    let needed = Set(
      steps.indices.lazy.flatMap { [after, onlyAfter] step in after[step].filter { !onlyAfter[step].contains($0) } })
    let before = Before(all: steps.indices.filter { !needed.contains($0) })
    for (id, drafts) in forgetting where !drafts.isEmpty {
      _ = append(drafts, id, "", nil, after: before, prunes: true)
    }
  }

  private func removal(
    _ managed: ManagedResource, _ isOwned: @escaping @Sendable (Claim) -> Bool = { _ in false }
  ) throws(Unreadable) -> [StepDraft] {
    guard let kind = catalog[managed.id.kind] else { return [] }
    return try kind.examine(managed.id, managed.desired, answers).removal(context(for: managed.id, isOwned))
  }

  /// Hosts that the description does not have: for the others they have nothing.
  mutating func ignore(_ undescribed: Set<HostID>) {
    if undescribed.isEmpty { return }
    uninstalled.formUnion(undescribed)
    answers = Answers(inventory, uninstalled: uninstalled)
  }

  /// Plans to take away what earlier runs put in place and nothing asks for any more: after all else, by rank.
  ///
  /// - Parameter undescribed: hosts that the description does not have.
  mutating func prune(without undescribed: Set<HostID>) {
    if previously.isEmpty { return }
    let gone = previously.filter { managed in
      !ids.contains(managed.id) && !left.contains(managed.id) && released[managed.id] == nil
        && !(managed.id.host.map(undescribed.contains) ?? false)
    }.sorted { rank($0) < rank($1) }
    if gone.isEmpty { return }
    let owned = owned.index()
    let leaves = steps.indices.filter { !hasFollower[$0] }
    var before = Before(all: leaves, onlyAfter: Set(leaves))
    var group: [Int] = []
    var groupRank: Int?
    var stuck: [HostID?: ResourceID] = [:]
    for managed in gone {
      if rank(managed) != groupRank, !group.isEmpty { (before, group) = (Before(all: group), []) }
      groupRank = rank(managed)
      do throws(Unreadable) {
        // What another resource has taken over since is not ours to take away.
        let drafts = try removal(managed, { owned.holds($0) }).filter { draft in
          !draft.operation.claims(on: draft.host).contains(where: owned.holds)
        }
        if drafts.isEmpty { continue }
        if let cause = stuck[managed.id.host] {
          block(managed, .waitsFor(cause))
        } else {
          group += append(drafts, managed.id, "", nil, after: before, prunes: true)
        }
      } catch {
        // Files must not go while it is not known whether the unit that reads them still runs.
        stuck[managed.id.host] = stuck[managed.id.host] ?? managed.id
        block(managed, .unreadable(error))
      }
    }
  }

  private func rank(_ managed: ManagedResource) -> Int { catalog[managed.id.kind]?.removalRank ?? Int.max }

  private mutating func block(_ managed: ManagedResource, _ reason: Blocked.Reason) {
    blocked.append(Blocked(resource: managed.id, reason: reason, next: reason.next, source: nil))
  }

  /// Puts steps that disrupt the same service on different heads one after the other.
  mutating func keepOneHeadUndisrupted() {
    var lastOfService: [String: Int] = [:]
    var lastOfHost: Int?
    for index in steps.indices {
      switch steps[index].disrupts {
      case nil: continue
      case .service(let name):
        add(lastOfService[name], before: index)
        add(lastOfHost, before: index)
        lastOfService[name] = index
      case .host:
        for other in lastOfService.values.sorted() { add(other, before: index) }
        add(lastOfHost, before: index)
        (lastOfService, lastOfHost) = ([:], index)
      }
    }
  }

  private mutating func add(_ earlier: Int?, before step: Int) {
    guard let earlier, !after[step].contains(earlier) else { return }
    after[step].append(earlier)
    onlyAfter[step].insert(earlier)
  }

  consuming func finished() -> Plan {
    for index in steps.indices {
      steps[index].after = after[index].map { steps[$0].id }
      if !onlyAfter[index].isEmpty { steps[index].onlyAfter = onlyAfter[index].sorted().map { steps[$0].id } }
    }
    return Plan(steps: steps, blocked: blocked, leaving: leaving)
  }
}

extension Unreadable {
  var next: String {
    switch self {
    case .unreachable(_, let error), .failed(_, let error): error.next
    case .unasked: "This is a bug in cluster: report it together with the spec."
    }
  }
}

extension Blocked.Reason {
  fileprivate var next: String {
    switch self {
    case .unreadable(let reason): reason.next
    case .waitsFor(let resource): "Fix \(resource) first; then this can be planned."
    case .leftOut(let resource): "Plan again without leaving out \(resource)."
    }
  }
}

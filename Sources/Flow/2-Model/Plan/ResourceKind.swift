// SPDX-License-Identifier: Apache-2.0

/// One probe on one host.
package struct Question: Hashable, Sendable {
  package let host: HostID
  package let probe: AnyProbe

  package init(_ host: HostID, _ probe: some Probe) {
    self.host = host
    self.probe = AnyProbe(probe)
  }

  package init(_ host: HostID, asking probe: AnyProbe) {
    self.host = host
    self.probe = probe
  }
}

/// Why a resource's actual state cannot be told. The planner turns it into a blocked entry.
package enum Unreadable: Error, Hashable, Codable, Sendable {
  case unreachable(HostID, AgentError)
  case failed(HostID, AgentError)
  /// The probe was not asked: a mistake of the kind's.
  case unasked(HostID)
}

/// The answers to a kind's questions.
package struct Answers: Sendable {
  private let inventory: Inventory
  /// Hosts that do not exist for the description: this plan makes them, or they have left.
  private let uninstalled: Set<HostID>

  package init(_ inventory: Inventory, uninstalled: Set<HostID>) {
    self.inventory = inventory
    self.uninstalled = uninstalled
  }

  /// The answer of a host. Nil only when the host does not exist (yet, or any more). Throws when it does and the answer
  /// is not known.
  package func answer<P: Probe>(_ host: HostID, _ probe: P) throws(Unreadable) -> P.Answer? {
    switch inventory.hosts[host] {
    case .answered(let answers):
      guard let answer = answers[AnyProbe(probe)] else { throw .unasked(host) }
      do throws(AgentError) { return try answer.value(of: P.self) } catch { throw .failed(host, error) }
    case .unreachable(let error):
      if uninstalled.contains(host) { return nil }
      throw .unreachable(host, error)
    case nil:
      if uninstalled.contains(host) { return nil }
      throw .unasked(host)
    }
  }

  package func isReachable(_ host: HostID) -> Bool { inventory.isReachable(host) }

  package func isUninstalled(_ host: HostID) -> Bool { uninstalled.contains(host) && !isReachable(host) }
}

/// The facts that a kind may know beyond its own resource when it makes steps.
package struct PlanContext: Sendable {
  package let answers: Answers
  /// The head that holds the service addresses now, or the one that will.
  package let activeHead: HostID
  /// Resources that have steps in this plan already; a unit reloads when its files are about to change.
  package let changing: Set<ResourceID>
  /// Seconds since 1970.
  package let now: Int
  /// The state that the newest recorded run wanted of this resource, to see what the spec has dropped since. Nil: it is
  /// new.
  package let previous: (any DesiredState)?
  /// Whether another resource decides about it now, so that it is not to be taken away with this one.
  package let isOwned: @Sendable (Claim) -> Bool

  package init(
    answers: Answers, activeHead: HostID, changing: Set<ResourceID>, now: Int, previous: (any DesiredState)? = nil,
    isOwned: @escaping @Sendable (Claim) -> Bool = { _ in false }
  ) {
    self.answers = answers
    self.activeHead = activeHead
    self.changing = changing
    self.now = now
    self.previous = previous
    self.isOwned = isOwned
  }
}

/// A kind is pure: it names the facts it needs and the steps it wants, and never touches a host.
package protocol ResourceKind: SendableMetatype {
  associatedtype Desired: DesiredState
  associatedtype Actual: Hashable & Sendable

  /// The first word of its resources' ids.
  static var name: String { get }
  /// When resources of this kind are taken away, relative to others: units (10) before files (20) before packages (30).
  static var removalRank: Int { get }
  /// Whether it is taken away before all else is done, and not after: others take over what it lets go of. False by
  /// default.
  static var isRemovedFirst: Bool { get }
  /// Whether it comes along when a disk is copied, and the agent there still knows that it is ours. False by default.
  static var travelsWithDisk: Bool { get }
  /// The facts that decide whether the resource is as desired.
  static func questions(_ id: ResourceID, _ desired: Desired) -> [Question]
  /// The claims of a resource. Nil, the default: those of the steps that it would take on machines that
  /// have nothing, which costs as much as planning it.
  static func claims(_ id: ResourceID, _ desired: Desired) -> [Claim]?
  /// The actual state, or nil when it is seen to be absent. Throws when the answers do not tell.
  static func interpret(_ id: ResourceID, _ desired: Desired, _ answers: Answers) throws(Unreadable) -> Actual?
  /// The steps from actual to desired, in order; each comes after the one before. Empty when nothing is to do.
  static func steps(_ id: ResourceID, _ desired: Desired, _ actual: Actual?, _ context: PlanContext) throws(Unreadable)
    -> [StepDraft]
  /// The steps that take away what an earlier run put in place. Never called when `actual` is nil.
  static func removal(_ id: ResourceID, _ previous: Desired, _ actual: Actual, _ context: PlanContext) -> [StepDraft]
}

extension ResourceKind {
  package static var isRemovedFirst: Bool { false }
  package static var travelsWithDisk: Bool { false }
  package static func claims(_ id: ResourceID, _ desired: Desired) -> [Claim]? { nil }
}

/// A step as its kind sees it; the planner adds id, resource, order and source.
package struct StepDraft: Sendable {
  /// The last part of the step's id: `write`, `reload`.
  package var verb: String
  package var host: HostID
  package var operation: AnyOperation
  package var disruption: Step.Disruption
  /// The difference, as a clause: "dnsmasq runs with an older configuration".
  package var because: String
  /// Lines of a unified diff or a list of changes, for the reader of the plan.
  package var changes: [String]
  package var destructive: Bool
  /// Independent of the draft before it: both may run at once.
  package var independent: Bool
  /// Its place among the machines that may be away at once, so that a long row of them is taken a few at a time.
  package var place: Place?
  /// Resources whose steps come before this draft, beside those that its own resource comes after: the resource names
  /// them in `mayComeAfter`. One that the description has dropped counts with the steps that take it away first.
  package var after: [ResourceID]
  /// The part of the resource that the step is about, so that the plan cites its own place. Nil: the whole.
  package var part: String?

  package init(
    _ verb: String, on host: HostID, _ operation: some HostOperation, disruption: Step.Disruption = .none,
    because: String,
    changes: [String] = [], destructive: Bool = false, independent: Bool = false, place: Place? = nil,
    after: [ResourceID] = [], part: String? = nil
  ) {
    self.verb = verb
    self.host = host
    self.operation = AnyOperation(operation)
    self.disruption = disruption
    self.because = because
    self.changes = changes
    self.destructive = destructive
    self.independent = independent
    self.place = place
    self.after = after
    self.part = part
  }
}

/// A kind with its types erased, for the catalog.
package struct AnyKind: Sendable {
  package let name: String
  package let removalRank: Int
  package let isRemovedFirst: Bool
  package let travelsWithDisk: Bool
  package let questions: @Sendable (ResourceID, any DesiredState) -> [Question]
  package let claims: @Sendable (ResourceID, any DesiredState) -> [Claim]?
  /// Actual state and the steps that follow from it. `present` is false when the resource was seen to be absent.
  package let examine: @Sendable (ResourceID, any DesiredState, Answers) throws(Unreadable) -> Examined
  package let decode: @Sendable (any Decoder) throws -> any DesiredState

  package struct Examined: Sendable {
    package let present: Bool
    package let steps: @Sendable (PlanContext) throws(Unreadable) -> [StepDraft]
    package let removal: @Sendable (PlanContext) -> [StepDraft]
  }

  package init<Kind: ResourceKind>(_ kind: Kind.Type) {
    @Sendable func typed(_ id: ResourceID, _ desired: any DesiredState) -> Kind.Desired {
      guard let desired = desired as? Kind.Desired else {
        preconditionFailure("\(id) has the desired state of another kind: \(type(of: desired))")
      }
      return desired
    }
    name = Kind.name
    removalRank = Kind.removalRank
    isRemovedFirst = Kind.isRemovedFirst
    travelsWithDisk = Kind.travelsWithDisk
    questions = { id, desired in Kind.questions(id, typed(id, desired)) }
    claims = { id, desired in Kind.claims(id, typed(id, desired)) }
    examine = { (id, desired, answers) throws(Unreadable) in
      let desired = typed(id, desired)
      let actual = try Kind.interpret(id, desired, answers)
      return Examined(
        present: actual != nil,
        steps: { (context) throws(Unreadable) in try Kind.steps(id, desired, actual, context) },
        removal: { context in actual.map { Kind.removal(id, desired, $0, context) } ?? [] })
    }
    decode = { decoder in try Kind.Desired(from: decoder) }
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// That one head can switch another one off, proven by asking its BMC with the very parameters that Pacemaker uses; and
/// that the BMC is the one of the head it is described for, which only that head itself can tell.
///
/// - Proven again after a week, and when the BMC has another address or account.
/// - High availability is not armed before every head's fencing is proven.
/// - There is nothing to remove: a proof is a record.
package enum FencingProofKind: ResourceKind {
  package static let name = "fencing"
  package static let removalRank = 5
  /// A proof older than this is made again.
  package static let validSeconds = 7 * 24 * 3600

  package struct Desired: DesiredState {
    package var head: HostID
    /// The head that would have to do it. The same: it is asked whether the BMC is its own.
    package var from: HostID
    package var bmc: BMC
    /// The BMC of the head that does it.
    package var own: BMC?
    /// Another way than the BMC.
    package var level: FencingLevel?

    package init(head: HostID, from: HostID, bmc: BMC, own: BMC?, level: FencingLevel? = nil) {
      self.head = head
      self.from = from
      self.bmc = bmc
      self.own = own
      self.level = level
    }

    package var goal: FencingGoal { FencingGoal(head: head, from: from, bmc: bmc, own: own, level: level) }
    var probe: FencingProbe { FencingProbe(head, level: level?.index) }
  }

  package typealias Actual = FencingRecord

  package static func id(of head: HostID) -> ResourceID { ResourceID(name, head.name) }
  package static func id(of level: FencingLevel) -> ResourceID { ResourceID(name, level.name) }
  /// That the BMC is the head's own.
  package static func ownId(of head: HostID) -> ResourceID { ResourceID(name, on: head, head.name) }

  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    [Question(desired.from, desired.probe)]
  }

  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    try answers.answer(desired.from, desired.probe) ?? nil
  }

  package static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: Actual?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    let because: String
    switch actual {
    case nil: because = "not proven yet"
    case let proof? where proof.address != desired.bmc.address:
      because = "proven at \(proof.address), and the BMC is at \(desired.bmc.address)"
    case let proof? where proof.device != desired.goal.words:
      because = "proven as \(proof.device ?? "another one"), and it is \(desired.goal.words)"
    case let proof? where context.now - proof.provenAt > validSeconds:
      because = "proven \((context.now - proof.provenAt) / 86400) days ago"
    default: return []
    }
    let asksBMC =
      desired.from == desired.head
      ? "\(desired.head) asks whether the BMC at \(desired.bmc.address) is its own"
      : "\(desired.from) asks the BMC of \(desired.head) at \(desired.bmc.address)"
    let asks =
      desired.level.map { "\(desired.from) asks \($0.agent.name) for the power of \(desired.head)" } ?? asksBMC
    return [
      StepDraft("prove", on: desired.from, EnsureFencingProven(desired.goal), because: because, changes: [asks])
    ]
  }

  package static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: Actual, _ context: PlanContext
  ) -> [StepDraft] {
    []
  }
}

extension Resource {
  package static func fencingProof(
    _ desired: FencingProofKind.Desired, because: String, source: SourceSpan, after: [ResourceID]
  ) -> Resource {
    let isOwn = desired.from == desired.head
    let level = desired.level.map { FencingProofKind.id(of: $0) }
    let own = FencingProofKind.ownId(of: desired.head)
    let id = level ?? (isOwn ? own : FencingProofKind.id(of: desired.head))
    return Resource(id, desired, because: because, source: source, after: after)
  }
}

/// When the fencing of a head was last proven from this one. Nil: never.
package struct FencingProbe: Probe {
  package typealias Answer = FencingRecord?

  package static let name = "fencing"

  package let head: HostID
  /// The way to switch it off, by its place among them. Nil: by its BMC.
  package let level: Int?

  package init(_ head: HostID, level: Int? = nil) {
    self.head = head
    self.level = level
  }

  /// `head1`, `head1-level2`: what the proof is kept by.
  package var key: String { level.map { FencingLevel.name(head, $0) } ?? head.name }
  package var words: String { "fencing \(key)" }
  package var secrets: ProbeSecrets { .none }

  package func recorded(_ record: FencingRecord?, _ nodes: NodeNames) -> [ObservedLines] {
    [ObservedLines("fencing", explained(record, nodes))]
  }

  package func explained(_ record: FencingRecord?, _ nodes: NodeNames) -> [String] {
    ["\(key) \(record == nil ? "not proven" : "proven")"]
  }
}

/// A proof that one head can switch another one off.
package struct FencingRecord: Hashable, Codable, Sendable {
  package var head: HostID
  /// Where the BMC was, so that a moved BMC needs a new proof.
  package var address: IPv4Address
  /// Seconds since 1970.
  package var provenAt: Int
  /// The fence agent and its parameters, as `FenceDevice.words`.
  package var device: String?
  /// The UUID that the head and its BMC both tell. Nil: one of them tells none, or another head has proven it.
  package var uuid: String?

  package init(head: HostID, address: IPv4Address, provenAt: Int, device: String?, uuid: String?) {
    self.head = head
    self.address = address
    self.provenAt = provenAt
    self.device = device
    self.uuid = uuid
  }
}

/// Proves from this head that another one can be fenced.
package struct EnsureFencingProven: GoalOperation {
  package static let name = "ensureFencingProven"

  package let goal: FencingGoal
  package init(_ goal: FencingGoal) { self.goal = goal }

  /// The secrets of an agent beside the BMC are on the head that runs it.
  package var secrets: Set<SecretRef> {
    goal.level != nil ? [] : Set([goal.bmc, goal.own].compactMap { $0?.password })
  }
  package var machine: HostID? { goal.head }
  package func claims(on host: HostID) -> [Claim] { [] }
  package var lockout: Lockout { .impossible }
  package var impact: Impact { .nothing }
  package var isRemoval: Bool { false }

  package var timing: OperationTiming {
    // Measured: ipmitool(1) `status` 0.3 s; a slow BMC needs seconds.
    OperationTiming(expectedSeconds: 3, varies: false, deadline: .seconds(120), lane: nil)
  }
  package var expectation: Expectation? { nil }

  package var target: String { goal.level?.name ?? (goal.from == goal.head ? "own BMC" : goal.head.name) }
  package func title(verb: String, machines: String) -> String {
    goal.from == goal.head ? "prove that the BMC of \(goal.head) is its own" : "prove that \(machines) can be fenced"
  }
  package var counting: CountingWords { CountingWords("prove the fencing of", "head", "heads") }
  package var undoing: String { "it changes nothing that would have to be undone." }
}

package struct FencingGoal: Hashable, Codable, Sendable {
  package var head: HostID
  package var from: HostID
  package var bmc: BMC
  package var own: BMC?
  package var level: FencingLevel?

  package init(head: HostID, from: HostID, bmc: BMC, own: BMC?, level: FencingLevel? = nil) {
    self.head = head
    self.from = from
    self.bmc = bmc
    self.own = own
    self.level = level
  }

  package var key: String { FencingProbe(head, level: level?.index).key }
  /// The device and its parameters, in one line: these are proven.
  package var words: String { level?.words ?? device.words }
  package var device: FenceDevice { bmc.speaks.fence(head, bmc) }
}

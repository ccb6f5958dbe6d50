// SPDX-License-Identifier: Apache-2.0

/// One sort of change that an agent makes on a host, with all that is said of it anywhere.
///
/// Nothing here has a default, so that a new operation cannot be quietly harmless, silent or without secrets. Each type
/// is in its wing's folder; the wings' catalog bounds what must be trusted, simulated and fuzzed.
///
/// An operation first checks whether its work is done already, and may be repeated. Programs are run as argv, never
/// through a shell. Secrets are named, not carried: their bytes travel beside the operation.
package protocol HostOperation: Hashable, Codable, Sendable {
  /// `ensureFile`: on the wire, in plans, in journals and in records.
  static var name: String { get }

  // MARK: What it touches
  /// The secrets whose bytes must travel with it.
  var secrets: Set<SecretRef> { get }
  /// The other machine that it is about: the node that boots, the head that is installed, forgotten or could be fenced.
  /// Nil when it works on the host that it is done on.
  var machine: HostID? { get }
  /// Claims on everything that it decides about when it is done on `host`.
  func claims(on host: HostID) -> [Claim]
  /// Whether it can cut the connection over which hosts are administered.
  var lockout: Lockout { get }
  /// The services that users may miss while it is done.
  var impact: Impact { get }
  /// It takes something away.
  var isRemoval: Bool { get }

  // MARK: How long it takes
  var timing: OperationTiming { get }
  /// The event that its step waits for after the operation, and that others bring about. Nil: it is done when it
  /// returns.
  var expectation: Expectation? { get }

  // MARK: Its words in plans
  /// Its object in a few words: a path, a unit, packages, a machine.
  var target: String { get }
  /// An order in words: `write /etc/hosts`, `restart nginx.service`.
  ///
  /// - Parameters:
  ///   - verb: the last part of the step's id: `reload`.
  ///   - machines: the machines that it is about, folded: many such steps can be one line of a plan.
  func title(verb: String, machines: String) -> String
  /// Many of one sort, where there is no room for each.
  var counting: CountingWords { get }
  /// A sentence about what it means to take it back.
  var undoing: String { get }
}

/// How long an operation takes, and what else the executor has to keep to.
package struct OperationTiming: Hashable, Sendable {
  /// Expected where no past run says better, with what its step waits for afterwards.
  package var expectedSeconds: Double
  /// The part of it in which the agent is at work. Nil: all of it.
  package var busySeconds: Double?
  /// Whether it takes longer for one thing than for another: nginx starts at once, Pacemaker in twenty seconds.
  package var varies: Bool
  /// When it counts as failed. Generous: the mirror may be slow, the disk busy.
  package var deadline: Duration
  /// The queue that it waits in: operations on one host in the same lane run one at a time, or as many as the lane is
  /// wide where a wing gives it a width. Nil means no such limit.
  package var lane: String?

  package init(
    expectedSeconds: Double, busySeconds: Double? = nil, varies: Bool, deadline: Duration, lane: String?
  ) {
    self.expectedSeconds = expectedSeconds
    self.busySeconds = busySeconds
    self.varies = varies
    self.deadline = deadline
    self.lane = lane
  }
}

/// The parts of `write 120 files`.
package struct CountingWords: Hashable, Sendable {
  package var verb: String
  package var one: String
  package var many: String

  package init(_ verb: String, _ one: String, _ many: String) {
    self.verb = verb
    self.one = one
    self.many = many
  }

  package func counted(_ count: Int) -> String { "\(verb) \(count) \(count == 1 ? one : many)" }
}

/// An operation that is nothing but a goal, and travels as that.
package protocol GoalOperation: HostOperation {
  associatedtype Goal: Hashable, Codable, Sendable
  var goal: Goal { get }
  init(_ goal: Goal)
}

extension GoalOperation {
  package init(from decoder: any Decoder) throws { self.init(try decoder.singleValueContainer().decode(Goal.self)) }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(goal)
  }
}

/// An event that others bring about once an operation has done its part: a machine that was switched on boots.
///
/// The executor looks for it now and then, and holds no slot meanwhile. It is observed, never remembered: the answer
/// that a run waits for tells a later run the same.
package struct Expectation: Sendable {
  /// Asked of the step's host, once for all steps that wait for an answer to it.
  package var probe: AnyProbe
  /// Judges an answer. The number is that of the seconds since the operation has done its part.
  package var judge: @Sendable (AnyAnswer, _ waited: Int) throws(AgentError) -> Standing
  /// Asked once when the wait ends in vain.
  package var diagnosis: [AnyProbe]
  /// Adds to the reason what the diagnosis found. Probes that nobody could answer are missing.
  package var explain: @Sendable (AgentError, [AnyProbe: AnyAnswer]) -> AgentError

  package init(
    _ probe: some Probe, diagnosis: [AnyProbe],
    judge: @escaping @Sendable (AnyAnswer, _ waited: Int) throws(AgentError) -> Standing,
    explain: @escaping @Sendable (AgentError, [AnyProbe: AnyAnswer]) -> AgentError
  ) {
    self.probe = AnyProbe(probe)
    self.diagnosis = diagnosis
    self.judge = judge
    self.explain = explain
  }

  /// How an expectation stands after a look.
  package enum Standing: Hashable, Sendable {
    /// It has come true. With the outcome's words.
    case met(String)
    case waiting(Wait)
    /// It will not come true any more.
    case failed(AgentError)
  }
}

/// The state of a wait at the last look: what is waited for, since when and until when.
package struct Wait: Hashable, Sendable {
  /// The last thing seen, with its machine: `node017: it fetched its boot script`.
  package var seen: String
  /// Seconds since then.
  package var age: Int
  /// Seconds until it is given up, unless something new is seen.
  package var left: Int

  package init(seen: String, age: Int, left: Int) {
    self.seen = seen
    self.age = age
    self.left = left
  }
}

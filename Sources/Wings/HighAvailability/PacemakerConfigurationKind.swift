// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import Pacemaker
import XML

/// Our elements of Pacemaker's CIB, one resource for the whole cluster.
///
/// - Elements are compared one by one, by id; what the cluster or an administrator added is not looked at.
/// - Which elements are ours stands in the CIB itself, so one that the spec drops is found and removed.
/// - Any head that runs Pacemaker can tell, and the change is made there.
/// - A resource that failed for good, and waits for somebody to look, is tried again.
/// - Removal lets go, before anything else is done: Pacemaker is told to touch nothing more, so that services can be
///   changed, and go on where they are when it stops.
package enum PacemakerConfigurationKind: ResourceKind {
  package static let name = "pacemaker"
  /// Before the units of Corosync and Pacemaker.
  package static let removalRank = 5
  /// While it minds the services they cannot be given another address: it would find them ill, and stop them.
  package static let isRemovedFirst = true

  package struct Desired: DesiredState {
    /// The heads, the primary first.
    package var members: [HostID]
    package var elements: [CIBElement]

    package init(members: [HostID], elements: [CIBElement]) {
      self.members = members
      self.elements = elements
    }
  }

  package struct Actual: Hashable, Sendable {
    /// Heads that run Pacemaker and answered, in the order of the members.
    package var heads: [HostID]
    package var cib: CIBDocument
    /// Resources of ours that are to run and do not.
    package var failed: [String]
  }

  package static let id = ResourceID(name, "cib")
}

extension Resource {
  package static func pacemakerConfiguration(
    _ desired: PacemakerConfigurationKind.Desired, because: String, source: SourceSpan, after: [ResourceID]
  ) -> Resource {
    Resource(PacemakerConfigurationKind.id, desired, because: because, source: source, after: after)
  }
}

extension PacemakerConfigurationKind {
  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    desired.members.flatMap { [Question($0, CIBProbe()), Question($0, CrmMonProbe())] }
  }

  /// The CIB is the same on every head that runs Pacemaker. It is absent only when no head can have one.
  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    var found: (heads: [HostID], text: String, cib: CIBDocument)?
    var unknown: Unreadable?
    for member in desired.members {
      do throws(Unreadable) {
        guard let text = try answers.answer(member, CIBProbe()) ?? nil else { continue }
        // The same text from each of them, as a rule: it is read once.
        let cib = text == found?.text ? nil : try answers.parsed(text, of: member)
        if let first = found {
          found?.heads = first.heads + [member]
        } else if let cib {
          found = ([member], text, cib)
        }
      } catch {
        unknown = unknown ?? error
      }
    }
    guard let found else {
      if let unknown { throw unknown }
      return nil
    }
    return Actual(heads: found.heads, cib: found.cib, failed: try failed(found.heads[0], desired, answers))
  }

  /// Resources that Pacemaker has given up on: stopped, with a failure, and not because somebody asked for it.
  private static func failed(
    _ head: HostID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> [String] {
    guard let status = try answers.clusterStatus(head) else { return [] }
    let ours = Set(desired.elements.filter { $0.section == .resources }.map(\.id))
    return status.resources.filter { ours.contains($0.id) && status.hasGivenUp(on: $0) }.map(\.id)
  }
}

extension Answers {
  /// The CIB of a host; nil when Pacemaker does not run there, also because the host does not exist yet.
  func parsedCIB(_ host: HostID) throws(Unreadable) -> CIBDocument? {
    guard let text = try answer(host, CIBProbe()) ?? nil else { return nil }
    return try parsed(text, of: host)
  }

  fileprivate func parsed(_ cib: String, of host: HostID) throws(Unreadable) -> CIBDocument {
    try reading(host, "the CIB") { () throws(XMLError) in try CIBDocument(parsing: cib) }
  }

  /// The status of a host; nil when Pacemaker does not run there, also because the host does not exist yet.
  func clusterStatus(_ host: HostID) throws(Unreadable) -> ClusterStatus? {
    guard let text = try answer(host, CrmMonProbe()) ?? nil else { return nil }
    return try reading(host, "Pacemaker's status") { () throws(XMLError) in try ClusterStatus(parsing: text) }
  }

  private func reading<Value>(
    _ head: HostID, _ what: String, _ read: () throws(XMLError) -> Value
  ) throws(Unreadable) -> Value {
    do throws(XMLError) {
      return try read()
    } catch {
      throw .failed(
        head,
        AgentError(
          .invalid, "\(what) of \(head) cannot be read", cause: error.description,
          next: "Check `cibadmin --query` and `crm_mon --one-shot --output-as=xml` on \(head)."))
    }
  }
}

/// Creates or updates CIB elements by id, and removes others by id; the rest of the CIB is left alone.
package struct EnsureCIB: GoalOperation {
  package static let name = "ensureCIB"

  package let goal: CIBGoal
  package init(_ goal: CIBGoal) { self.goal = goal }

  /// The wait for heads to join. Pacemaker alone waits 20 s for others before its first election (`dc-deadtime`).
  package static let joining = Duration.seconds(120)
  /// The wait for attributes that rules ask for: a monitor, and its dampening. It may come twice, with a wait for
  /// Pacemaker between.
  package static let telling = Duration.seconds(30)
  /// The wait for Pacemaker to come to rest, which may come three times.
  package static let resting = Duration.seconds(90)
  /// All of them, with a minute for Pacemaker's own programs.
  static let deadline = joining + telling * 2 + resting * 3 + .seconds(60)

  package var secrets: Set<SecretRef> { [] }
  package var machine: HostID? { nil }
  package func claims(on host: HostID) -> [Claim] { goal.elements.map { .cib($0.id) } + goal.removed.map { .cib($0) } }
  package var lockout: Lockout { .impossible }
  package var impact: Impact { .clusteredServices(maintenance: goal.entersMaintenance) }
  package var isRemoval: Bool { false }

  package var timing: OperationTiming {
    // The change itself is at once; what it asks for is waited for, each part as long as it may take.
    OperationTiming(expectedSeconds: 10, varies: false, deadline: Self.deadline, lane: "cib")
  }
  package var expectation: Expectation? { nil }

  package var target: String {
    "\(goal.elements.count) elements" + (goal.removed.isEmpty ? "" : ", \(goal.removed.count) removed")
  }
  package func title(verb: String, machines: String) -> String {
    switch (goal.elements.map(\.id), goal.removed) {
    case ([CIBGoal.pause], []): "tell Pacemaker to touch nothing"
    case ([], [CIBGoal.pause]): "have Pacemaker mind the services again"
    default: "configure Pacemaker (\(target))"
    }
  }
  package var counting: CountingWords { CountingWords("configure Pacemaker", "time", "times") }
  package var undoing: String { "an older spec puts the old setting back, with the same interruption again." }
}

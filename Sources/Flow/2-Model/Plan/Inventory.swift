// SPDX-License-Identifier: Apache-2.0

/// The observed state, by host. A host that did not answer is unknown, not empty.
package struct Inventory: Sendable {
  package enum Host: Hashable, Sendable {
    case answered([AnyProbe: AnyAnswer])
    case unreachable(AgentError)

    package static func knowing(_ answers: (AnyProbe, AnyAnswer)...) -> Host {
      .answered(Dictionary(answers) { first, _ in first })
    }
  }

  package var hosts: [HostID: Host]
  /// Seconds since 1970, when the observation ended.
  package var observedAt: Int

  package init(hosts: [HostID: Host], observedAt: Int) {
    self.hosts = hosts
    self.observedAt = observedAt
  }

  package func isReachable(_ host: HostID) -> Bool {
    switch hosts[host] {
    case .answered: true
    case .unreachable, nil: false
    }
  }
}

/// The state of a head that cannot be asked for its lease, as others know it.
package enum Absence: Hashable, Sendable {
  /// No run can be at work there: it is off, or was never installed.
  case cannotHold
  /// It has left the cluster that the others form. Whatever is at work there is over soon.
  case hasLeft
  /// A run may be at work there. Why this is to be feared, as a clause: "head1 still sees it in the cluster".
  case mayHold(String)
}

/// How to find out whether a head that does not answer can still have a run at work on it.
///
/// Not answering says nothing: another machine may reach a head that this one does not. What is asked, and what the
/// answers mean, depends on the site; so whoever knows the description gives it.
package struct HeadWitness: Sendable {
  /// The questions to other heads about a silent one.
  package let questions: @Sendable (_ silent: HostID) -> [HostID: [AnyProbe]]
  /// Judges a silent head by the answers of the others.
  package let judge: @Sendable (_ silent: HostID, _ answers: Inventory) -> Absence

  package init(
    questions: @escaping @Sendable (HostID) -> [HostID: [AnyProbe]],
    judge: @escaping @Sendable (HostID, Inventory) -> Absence
  ) {
    self.questions = questions
    self.judge = judge
  }

  /// Nobody knows anything of a head but itself.
  package static let nobody = HeadWitness(
    questions: { _ in [:] }, judge: { _, _ in .mayHold("nothing shows whether it is off") })
}

/// How the heads are seen from outside: which one serves, and which ones are in the cluster that they form. Who knows
/// the probes gives it.
package struct HeadSight: Sendable {
  /// The probes that show which head serves.
  package let serving: [AnyProbe]
  /// Whether a head has an address. False also while that is not known.
  package let holds: @Sendable (HostID, IPv4Address, Answers) -> Bool
  /// The probes that show who is in the cluster.
  package let membership: [AnyProbe]
  /// The members of the cluster, as one head sees them. Nil: it is in none.
  package let members: @Sendable (HostID, Answers) throws(Unreadable) -> [HostID]?

  package init(
    serving: [AnyProbe], holds: @escaping @Sendable (HostID, IPv4Address, Answers) -> Bool, membership: [AnyProbe],
    members: @escaping @Sendable (HostID, Answers) throws(Unreadable) -> [HostID]?
  ) {
    self.serving = serving
    self.holds = holds
    self.membership = membership
    self.members = members
  }
}

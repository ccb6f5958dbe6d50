// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Runs one check from one head, on the head itself or on nodes, once for each token, and notes the results.
///
/// It fails where a machine did not pass: what needs the check is not tried then. The note has all results.
package struct EnsureChecked: GoalOperation {
  package static let name = "ensureChecked"

  package let goal: CheckGoal
  package init(_ goal: CheckGoal) { self.goal = goal }

  package var secrets: Set<SecretRef> { [] }
  package var machine: HostID? { nil }
  package func claims(on host: HostID) -> [Claim] { [] }
  package var lockout: Lockout { .impossible }
  package var impact: Impact { .nothing }
  package var isRemoval: Bool { false }
  package var expectation: Expectation? { nil }

  package var timing: OperationTiming {
    let rounds = (goal.parts.count + CheckGoal.width - 1) / CheckGoal.width
    return OperationTiming(
      expectedSeconds: Double(rounds) * 2, varies: true, deadline: .seconds(60 + rounds * (goal.seconds + 20)),
      lane: Checks.lane)
  }

  package var target: String { "\(goal.check) on \(HostlistText.fold(goal.parts.map(\.machine)))" }
  package func title(verb: String, machines: String) -> String { "check \(target)" }
  package var counting: CountingWords { CountingWords("run", "check", "checks") }
  package var undoing: String { "a check only looks." }
}

package struct CheckGoal: Hashable, Codable, Sendable {
  /// Machines that one head has a check at at once.
  package static let width = 32

  /// One run of the check's program.
  package struct Part: Hashable, Codable, Sendable {
    package var machine: HostID
    /// The other machine of a pair.
    package var peer: HostID?
    /// The address at which the machine is logged in to. Nil: it is run on the head itself.
    package var address: IPv4Address?
    /// The program with its arguments, or those of the script.
    package var words: [String]

    package init(machine: HostID, peer: HostID? = nil, address: IPv4Address? = nil, words: [String]) {
      self.machine = machine
      self.peer = peer
      self.address = address
      self.words = words
    }
  }

  package var check: CheckID
  /// The name of the run that asked for it.
  package var token: String
  package var parts: [Part]
  package var script: CheckScript?
  package var account: SetCheck.Account
  package var expected: CheckExpectation
  package var seconds: Int
  /// Checks that the same head runs before, and that have to have passed.
  package var needs: [CheckID]
  package var remediation: String?

  package init(
    check: CheckID, token: String, parts: [Part], script: CheckScript? = nil, account: SetCheck.Account = .root,
    expected: CheckExpectation = CheckExpectation(), seconds: Int = 30, needs: [CheckID] = [],
    remediation: String? = nil
  ) {
    self.check = check
    self.token = token
    self.parts = parts
    self.script = script
    self.account = account
    self.expected = expected
    self.seconds = seconds
    self.needs = needs
    self.remediation = remediation
  }
}

/// The results of one check, as the head that ran it keeps them.
package struct CheckNote: Hashable, Codable, Sendable {
  package var check: CheckID
  package var results: [CheckResult]

  package init(check: CheckID, results: [CheckResult]) {
    self.check = check
    self.results = results
  }
}

/// The results of a run's checks that a head has noted; none where it ran none for it, or long ago.
package struct CheckNotesProbe: Probe {
  package typealias Answer = [CheckNote]

  package static let name = "checkNotes"

  package let token: String

  package init(_ token: String) { self.token = token }

  package var words: String { "results of the checks of run \(token)" }
  package var secrets: ProbeSecrets { .none }

  package func recorded(_ notes: [CheckNote], _ nodes: NodeNames) -> [ObservedLines] { [] }

  package func explained(_ notes: [CheckNote], _ nodes: NodeNames) -> [String] {
    notes.map { note in
      let passed = note.results.count { $0.status == .passed }
      return "run \(token) has run \(note.check): \(passed) of \(note.results.count) passed"
    }
  }
}

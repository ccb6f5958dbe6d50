// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Templates

/// A check of a package set: a program whose end and words show whether what the set is for works on the machines.
package struct SetCheck: Hashable, Sendable {
  /// Who runs it.
  package enum Account: String, Hashable, Codable, CaseIterable, Sendable {
    case root
    /// The account `TestAccount`.
    case user
    /// The same, through Slurm: srun(1) on the active head.
    case job
  }

  /// The machines that it is run on.
  package enum Place: String, Hashable, CaseIterable, Sendable {
    case heads
    case activeHead = "active head"
    case eachNode = "each node"
    /// Each node, with the next one as `peer`; the last one with the first.
    case pair
    case oneNode = "one node"
  }

  /// The question that it answers.
  package enum Kind: String, Hashable, CaseIterable, Sendable {
    /// Whether a machine can take up work: quick, and asks nothing of other nodes. A node runs it by itself too, before
    /// it counts as ready.
    case ready
    /// Whether a machine is well.
    case health
    /// Whether machines do together what the set is for.
    case cluster
  }

  package enum Program: Hashable, Sendable {
    /// A program of the machine with its arguments.
    case words([Template])
    /// A program of the set's folder `tests`, with arguments.
    case script(CheckScript, [Template])
  }

  package struct Need: Hashable, Sendable {
    package var id: CheckID
    package var source: SourceSpan

    package init(id: CheckID, source: SourceSpan) {
      self.id = id
      self.source = source
    }
  }

  /// A setting that tells single nodes apart, by yes and no.
  package struct Condition: Hashable, Sendable {
    package var set: String
    package var setting: String
    package var source: SourceSpan

    package init(set: String, setting: String, source: SourceSpan) {
      self.set = set
      self.setting = setting
      self.source = source
    }
  }

  package var id: CheckID
  /// The expectation, in a sentence.
  package var summary: String
  package var program: Program
  package var account: Account
  package var place: Place
  /// The nodes that it is run on, by a setting of theirs. Nil: all.
  package var condition: Condition?
  package var expectation: CheckExpectation
  /// Checks without which this one tells nothing new.
  package var needs: [Need]
  /// It is stopped after so long.
  package var seconds: Int
  /// The first thing to do where it fails.
  package var remediation: String?
  package var kind: Kind
  /// The first line of its file.
  package var source: SourceSpan

  package init(
    id: CheckID, summary: String, program: Program, account: Account, place: Place, expectation: CheckExpectation,
    needs: [Need], seconds: Int, remediation: String?, kind: Kind, source: SourceSpan
  ) {
    self.id = id
    self.summary = summary
    self.program = program
    self.account = account
    self.place = place
    self.expectation = expectation
    self.needs = needs
    self.seconds = seconds
    self.remediation = remediation
    self.kind = kind
    self.source = source
  }

  /// Whether nodes run it by themselves when they have come up.
  package var isOfNodeItself: Bool { kind == .ready && (place != .heads && place != .activeHead) }
  /// Seconds that a node gives to one, at most.
  package static let longestOnNode = 10
  /// Checks that nodes run by themselves, at most.
  package static let mostOnNode = 20
}

/// The name of a check among those of all sets: `munge/local`.
package struct CheckID: Hashable, Codable, Comparable, Sendable, CustomStringConvertible {
  package var set: String
  package var name: String

  package init(_ set: String, _ name: String) {
    self.set = set
    self.name = name
  }

  /// A name from outside. Nil: it is none.
  package init?(_ text: some StringProtocol) {
    let parts = String(text).split(separator: "/" as Character, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, parts.allSatisfy(Self.isPart) else { return nil }
    self.init(parts[0], parts[1])
  }

  private static func isPart(_ text: String) -> Bool {
    (1...63).contains(text.utf8.count)
      && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 || $0 == 95 }
  }

  package var description: String { "\(set)/\(name)" }
  package static func < (a: Self, b: Self) -> Bool { (a.set, a.name) < (b.set, b.name) }
}

/// A program that travels to the machine with its check.
package struct CheckScript: Hashable, Codable, Sendable {
  /// Bytes of one.
  package static let limit = 64 << 10

  /// Beside the description.
  package var path: String
  package var contents: Content

  package init(path: String, contents: Content) {
    self.path = path
    self.contents = contents
  }
}

/// The account that checks run under which are to be run as an ordinary user.
package enum TestAccount {
  package static let name = "cluster-test"
  package static let home = "/home/cluster-test"
  /// The set that brings it along: only its own checks fail where there is no such account.
  package static let set = "accounts"
}

// SPDX-License-Identifier: Apache-2.0

/// Something that must never happen, and did.
package struct Violation: Error, Hashable, Sendable {
  /// The rules, as the documentation names them.
  package enum Rule: String, Hashable, CaseIterable, Sendable {
    case converges, replanIsEmpty = "replan-is-empty", sameEnd = "same-end"
    case oneAddressHolder = "one-address-holder", nodesAway = "nodes-away", headsStayUp = "heads-stay-up"
    case dependencies, journaledFirst = "journaled-first", oneExecutor = "one-executor"
    case foreignUntouched = "foreign-untouched", recordMatches = "record-matches"
    case agreedTo = "agreed-to"
    case dryRunChangesNothing = "dry-run-changes-nothing", secretsStaySecret = "secrets-stay-secret"
    case ends
  }

  package var rule: Rule
  package var words: String
}

extension Violation: CustomStringConvertible {
  package var description: String { "\(rule.rawValue): \(words)" }
}

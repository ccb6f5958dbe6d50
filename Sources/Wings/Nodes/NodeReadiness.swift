// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The checks that a node has to have passed by itself before it counts as ready, and what may be said against it.
///
/// A node is not trusted: it says a tag and names of checks, and nothing else of it decides. What to do about a check
/// is in the description.
package struct NodeReadiness: Hashable, Codable, Sendable {
  /// The tag of the list that the heads have for it.
  package var tag: String
  /// The first thing to do about each check that has such advice, by SET/NAME.
  package var advice: [String: String]
  /// The heads' services come up in the same run: what asks them is waited for as long as a whole boot may take.
  package var isEarly: Bool
  /// It gets other files in the same run, and its services take them up: it has as long as after a boot. Nil: no.
  package var isRefreshed: Bool?

  package init(tag: String, advice: [String: String] = [:], isEarly: Bool = false) {
    self.tag = tag
    self.advice = advice
    self.isEarly = isEarly
  }

  /// Hexadecimal digits of a tag.
  package static let tagDigits = 16
  /// Said by a node whose identity has no checks.
  package static let nothing = String(repeating: "0", count: tagDigits)
  /// Seconds after its boot until which services of a node may still be on their way.
  package static let afterBoot = 240
  /// Seconds that one is waited for that has been up for longer.
  package static let least = 30

  /// Why a node that is up does not count as ready.
  package enum Doubt: Hashable, Sendable {
    /// It does not say how its checks have ended: unknown is not ready.
    case unknown
    /// It has passed another list.
    case other
    case failing([CheckID])

    package var words: String {
      switch self {
      case .unknown: "has not said how its checks end"
      case .other: "has passed other checks than the heads have for it"
      case .failing(let checks):
        "\(checks.map(\.description).joined(separator: ", ")) \(checks.count == 1 ? "does" : "do") not pass"
      }
    }

    /// The order that shows more.
    package func order(_ node: HostID) -> String {
      switch self {
      case .unknown: "See whether it has its identity: `systemctl status cluster-identity` on it."
      case .other: "Apply again: nodes that run get what the heads have for them."
      case .failing(let checks):
        "`cluster test \(checks.map(\.description).joined(separator: " ")) --on \(node)` runs it again."
      }
    }
  }

  /// The reason why a node is not ready by this list. Nil: it has passed it.
  package func doubt(_ checked: NodeReport.Checked?) -> Doubt? {
    guard let checked else { return .unknown }
    if !checked.failing.isEmpty { return .failing(checked.failing) }
    return checked.tag == tag ? nil : .other
  }

  /// The first thing to do about the first check that fails.
  package func advice(_ doubt: Doubt) -> String? {
    guard case .failing(let checks) = doubt else { return nil }
    return checks.lazy.compactMap { advice[$0.description] }.first
  }
}

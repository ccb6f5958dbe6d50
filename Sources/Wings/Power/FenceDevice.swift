// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// How one head switches another one off: a fence agent, and its parameters without the password.
///
/// Proof and Pacemaker use these same parameters, so that what was proven is what will be used.
package struct FenceDevice: Sendable {
  package var head: HostID
  package var bmc: BMC
  /// The agent's program, which is also its name in the CIB: `fence_ipmilan`.
  package var agent: String
  package var parameters: [(name: String, value: String)]

  /// The primitive's id.
  package var id: String { Self.id(of: head) }
  package static func id(of head: HostID) -> String { "fence-\(head)" }

  /// `on` or `off`, from what a fence agent says when it is asked for the status: `Status: ON`.
  package static func power(in text: String) -> String? {
    let word = "Status: "
    return text.split(whereSeparator: \.isNewline).first { $0.hasPrefix(word) }.map {
      $0.dropFirst(word.count).lowercased()
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

/// How nodes are treated where the spec does not say.
package enum NodePolicy {
  /// How many of so many nodes may be taken away at once: a quarter, and one of fewer than four. So the queue goes on,
  /// and a bad image stops after a quarter of them.
  package static func mostAway(of nodes: Int) -> Int { max(1, nodes / 4) }
}

// SPDX-License-Identifier: Apache-2.0

/// One of the few machines of a pool that may be away at once.
///
/// A step takes its place when it may begin, and gives it back when it has succeeded: a machine that does not come back
/// keeps its place, and the others go on with the places that are left.
package struct Place: Hashable, Codable, Sendable {
  /// The machines that share the number: `nodes`.
  package var pool: String
  /// How many of them may be away at once.
  package var of: Int
  /// Its machine is away already, and so has a place, whatever the number says.
  package var isAway: Bool
  /// How many of them may be on their way back at once, whether or not they were away before.
  package var atOnce: Int

  package init(in pool: String, of: Int, isAway: Bool, atOnce: Int = .max) {
    self.atOnce = atOnce
    self.pool = pool
    self.of = of
    self.isAway = isAway
  }
}

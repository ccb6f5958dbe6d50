// SPDX-License-Identifier: Apache-2.0

/// What a spec may cost. Each bound is far above any real cluster and far below what would hurt.
package enum SpecLimits {
  /// Levels of lists and mappings.
  package static let depth = 64
  /// Values in the file.
  package static let values = 1_000_000
  /// Values that aliases may stand for, in all.
  package static let aliasValues = 200_000
  /// Machines named under `nodes:`.
  package static let names = 100_000
  /// Diagnostics of one reading.
  package static let problems = 500
  /// Bad characters that are reported one by one.
  package static let badCharacters = 20
}

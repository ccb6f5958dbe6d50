// SPDX-License-Identifier: Apache-2.0

/// What a spec may cost. Each bound is far above any real cluster and far below what would hurt.
enum SpecLimits {
  /// Levels of lists and mappings.
  static let depth = 64
  /// Values in the file.
  static let values = 1_000_000
  /// Values that aliases may stand for, in all.
  static let aliasValues = 200_000
  /// Machines named under `nodes:`.
  static let names = 100_000
  /// Diagnostics of one reading.
  static let problems = 500
  /// Bad characters that are reported one by one.
  static let badCharacters = 20
}

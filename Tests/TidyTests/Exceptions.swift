// SPDX-License-Identifier: Apache-2.0

/// What may break a rule, and why.
enum Exceptions {
  static let unchecked: [String: String] = [:]

  static let shell: [String: String] = [:]

  /// Files of pure targets that need Foundation.
  static let foundation: [String: String] = [:]

  static var all: [String] { Array(unchecked.keys) + Array(shell.keys) + Array(foundation.keys) }
}

// SPDX-License-Identifier: Apache-2.0

/// What may break a rule, and why.
enum Exceptions {
  static let unchecked = [
    "Tests/LabTests/GRUBInterpreterTests.swift": "a web server in memory, used by one test at a time",
    "Tests/LabTests/IPXEInterpreterTests.swift": "a web of scripts that one test uses from one task at a time",
  ]

  static let shell: [String: String] = [
    "Sources/Wings/Checks/CheckCommand.swift": "a script becomes a program where it is run: one constant text for all"
  ]

  /// Files of pure targets that need Foundation, or a lock.
  static let foundation = [
    "Sources/Flow/4-Plan/Plan+JSON.swift": "JSONEncoder, on a value",
    "Sources/Flow/2-Model/Values/Lazy.swift": "a lock around what follows from a value alone",
  ]

  static var all: [String] { Array(unchecked.keys) + Array(shell.keys) + Array(foundation.keys) }
}

// SPDX-License-Identifier: Apache-2.0

/// Why a text is not XML that we read.
package struct XMLError: Error, Hashable, Sendable, CustomStringConvertible {
  /// 1-based, in bytes.
  package var line: Int
  package var column: Int
  package var message: String

  package init(line: Int, column: Int, message: String) {
    self.line = line
    self.column = column
    self.message = message
  }

  package var description: String { "line \(line), column \(column): \(message)" }
}

// SPDX-License-Identifier: Apache-2.0

/// A place in one of the user's files: 1-based lines and columns, columns in Unicode scalars.
///
/// `endLine` and `endColumn` name the position just after the last character.
package struct SourceSpan: Hashable, Codable, Sendable {
  package var file: String
  package var line: Int
  package var column: Int
  package var endLine: Int
  package var endColumn: Int

  package init(file: String, line: Int, column: Int, endLine: Int, endColumn: Int) {
    self.file = file
    self.line = line
    self.column = column
    self.endLine = endLine
    self.endColumn = endColumn
  }
}

extension SourceSpan: CustomStringConvertible {
  package var description: String { "\(file):\(line):\(column)" }
}

// SPDX-License-Identifier: Apache-2.0

/// How much a document may ask of its reader. The defaults are far above any CIB.
package struct XMLLimits: Hashable, Sendable {
  package var bytes: Int
  package var depth: Int
  package var elements: Int
  /// The most attributes of one element.
  package var attributes: Int

  package init(bytes: Int = 64 << 20, depth: Int = 64, elements: Int = 1_000_000, attributes: Int = 256) {
    self.bytes = bytes
    self.depth = depth
    self.elements = elements
    self.attributes = attributes
  }
}

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

// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

extension String {
  /// Without what stands from the first of these, which have to be there, to before the second.
  package func cut(from start: String, to end: String) throws -> String {
    let first = try #require(range(of: start), "there is no `\(start)`")
    let last = try #require(range(of: end, range: first.upperBound..<endIndex), "there is no `\(end)`")
    return String(self[..<first.lowerBound] + self[last.lowerBound...])
  }
}

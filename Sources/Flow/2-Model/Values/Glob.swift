// SPDX-License-Identifier: Apache-2.0

/// Names with `*` in them, which stands for anything, also for nothing.
package enum Glob {
  /// Whether the text is the pattern with something in the place of each `*`.
  package static func matches(_ text: String, _ pattern: String) -> Bool {
    let (text, pattern) = (Array(text.utf8), Array(pattern.utf8))
    var (place, read) = (0, 0)
    var retry: (place: Int, read: Int)?
    while read < text.count {
      if place < pattern.count, pattern[place] == UInt8(ascii: "*") {
        retry = (place, read)
        place += 1
      } else if place < pattern.count, pattern[place] == text[read] {
        (place, read) = (place + 1, read + 1)
      } else if let last = retry {
        retry = (last.place, last.read + 1)
        (place, read) = (last.place + 1, last.read + 1)
      } else {
        return false
      }
    }
    return pattern[place...].allSatisfy { $0 == UInt8(ascii: "*") }
  }
}

// SPDX-License-Identifier: Apache-2.0

/// What was seen of one sort on one host, a fact a line: `observed/head1/nodes.txt`. When it is long, several files in
/// a folder of that name: `observed/head1/nodes/r0n00.txt`, each called after the thing that its first line is about.
enum ObservedList {
  static let folder = "observed/"
  static let ending = ".txt"

  static func files(_ text: String, at path: String) -> [String: [UInt8]] {
    let bytes = Array(text.utf8)
    let newline = UInt8(ascii: "\n")
    guard bytes.count > LongList.longest, path.hasSuffix(ending), bytes.last == newline else { return [path: bytes] }
    let rows = Array(bytes.split(separator: newline, omittingEmptySubsequences: false).dropLast())
    let parts = LongList.parts(rows) { $0.prefix { $0 != UInt8(ascii: " ") } }
    if parts.count < 2 { return [path: bytes] }
    let stem = path.dropLast(ending.count)
    return Dictionary(
      uniqueKeysWithValues: parts.map { part in
        var text: [UInt8] = []
        for row in part.rows { text += row + [newline] }
        return ("\(stem)/\(part.name)\(ending)", text)
      })
  }
}

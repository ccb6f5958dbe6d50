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
    var files: [String: [UInt8]] = [:]
    for part in parts {
      // Rows lie beside each other, each with the end of its line.
      let (start, end) = (part.rows.first?.startIndex ?? 0, part.rows.last?.endIndex ?? 0)
      files["\(stem)/\(part.name)\(ending)"] = Array(bytes[start...end])
    }
    return files
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// A list that is too long for one file, in several: what changes in one of them leaves the others the objects that
/// they were, and git compresses only that one.
///
/// Where it is cut follows from the names in it and from nothing else, so what is added, changed or taken away moves no
/// other cut. Each part is called after the first name in it.
enum LongList {
  /// In bytes. Shorter ones stay in one file.
  static let longest = 4 << 10
  /// In one part, on the average.
  private static let rows: UInt64 = 32

  struct Part {
    /// Without an ending. Parts in the order of these are the list again.
    var name: String
    var rows: ArraySlice<ArraySlice<UInt8>>
  }

  /// - Parameter key: what a row is called. Rows that follow each other with the same name stay together.
  static func parts(
    _ rows: [ArraySlice<UInt8>], key: (ArraySlice<UInt8>) -> ArraySlice<UInt8>
  ) -> [Part] {
    var parts: [Part] = []
    var (start, name, turn) = (0, "", 0)
    var before: ArraySlice<UInt8>?
    for (index, row) in rows.enumerated() {
      let key = key(row)
      defer { before = key }
      guard before.map({ isCut(key) && $0 != key }) ?? true else { continue }
      if index > 0 { parts.append(Part(name: name, rows: rows[start..<index])) }
      let own = FileName.escaped(key)
      // Not every list is sorted: where the names begin again, a number is put before them.
      if index > 0, !precedes(name, prefix(turn) + own) { turn += 1 }
      (start, name) = (index, prefix(turn) + own)
    }
    if start < rows.count { parts.append(Part(name: name, rows: rows[start...])) }
    return parts
  }

  /// No escaped name begins with a tilde, and all sort before it.
  private static func prefix(_ turn: Int) -> String {
    let digits = String(turn, radix: 16)
    return turn == 0 ? "" : "~" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "-"
  }

  static func precedes(_ a: some StringProtocol, _ b: some StringProtocol) -> Bool {
    a.utf8.lexicographicallyPrecedes(b.utf8)
  }

  private static func isCut(_ key: ArraySlice<UInt8>) -> Bool { Hashing.stable(key) % rows == 0 }
}

/// The facts of one sort on one host, one a line: `observed/head1/nodes.txt`. When it is long, several files in
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

/// The name of a thing as the name of a file in a commit.
enum FileName {
  private static let longest = 100

  /// Different for each name. Nothing in it that git, a shell or a disk takes for something else: slashes are commas,
  /// and what is neither a letter, a digit nor one of `._-+=@:` is `%` with two digits.
  static func escaped(_ name: some Sequence<UInt8>) -> String {
    var escaped: [UInt8] = []
    for byte in name {
      switch byte {
      case UInt8(ascii: "/"): escaped.append(UInt8(ascii: ","))
      case UInt8(ascii: ".") where escaped.isEmpty: escaped += "%2e".utf8
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"),
        UInt8(ascii: "+"), UInt8(ascii: "="), UInt8(ascii: "@"), UInt8(ascii: ":"):
        escaped.append(byte)
      default: escaped += "%\(byte.hexadecimal)".utf8
      }
    }
    if escaped.isEmpty { return "%" }
    guard escaped.count > longest else { return String(decoding: escaped, as: UTF8.self) }
    // Two signs that escaping never leaves beside each other.
    let hash = Hashing.stable(escaped[...])
    return String(decoding: escaped.prefix(longest), as: UTF8.self) + "%%" + String(hash, radix: 16)
  }
}

private enum Hashing {
  /// The same in every process: FNV-1a, 64 bits, its halves folded together so that the low bits are good ones.
  static func stable(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return hash ^ hash >> 32
  }
}

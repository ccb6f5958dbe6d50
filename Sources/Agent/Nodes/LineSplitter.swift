// SPDX-License-Identifier: Apache-2.0

/// Lines of bytes that come in pieces: the same lines however the bytes are cut, and whatever they are.
struct LineSplitter {
  /// A longer line is nobody's that counts, and is dropped: nginx takes no request that makes one.
  static let longest = 16 << 10

  private var rest: [UInt8] = []
  private var isDropping = false

  /// The lines that these bytes end. What is not UTF-8 in a line is repaired in that line alone.
  mutating func lines(adding bytes: ArraySlice<UInt8>) -> [Substring] {
    var lines: [Substring] = []
    var bytes = bytes
    while let end = bytes.firstIndex(of: UInt8(ascii: "\n")) {
      keep(bytes[..<end])
      if !isDropping { lines.append(Substring(decoding: rest, as: UTF8.self)) }
      (rest, isDropping) = ([], false)
      bytes = bytes[(end + 1)...]
    }
    keep(bytes)
    return lines
  }

  private mutating func keep(_ bytes: ArraySlice<UInt8>) {
    if isDropping { return }
    guard rest.count + bytes.count <= Self.longest else {
      (rest, isDropping) = ([], true)
      return
    }
    rest += bytes
  }
}

// SPDX-License-Identifier: Apache-2.0

extension String {
  /// Whether the UTF-8 of both is the same, byte for byte: `==` takes different spellings of one letter for equal.
  package func hasSameBytes(as other: String) -> Bool {
    guard utf8.count == other.utf8.count else { return false }
    var (one, other) = (self, other)
    return one.withUTF8 { one in
      other.withUTF8 { other in UnsafeRawBufferPointer(one).isSame(as: UnsafeRawBufferPointer(other)) }
    }
  }
}

extension UnsafeRawBufferPointer {
  /// Of one length, compared by words: every file that is looked at comes through here.
  fileprivate func isSame(as other: UnsafeRawBufferPointer) -> Bool {
    var place = 0
    while place + 8 <= count {
      let (one, two) = (
        loadUnaligned(fromByteOffset: place, as: UInt64.self),
        other.loadUnaligned(fromByteOffset: place, as: UInt64.self)
      )
      if one != two { return false }
      place += 8
    }
    return self[place...].elementsEqual(other[place...])
  }
}

// SPDX-License-Identifier: Apache-2.0

/// A file's bytes: text where they are text, so that plans and records stay readable.
package enum Content: Hashable, Codable, Sendable {
  case text(String)
  case bytes([UInt8])

  /// Text where it is text.
  package init(_ bytes: [UInt8]) { self = String(validating: bytes, as: UTF8.self).map(Content.text) ?? .bytes(bytes) }

  package var bytes: [UInt8] {
    switch self {
    case .text(let text): Array(text.utf8)
    case .bytes(let bytes): bytes
    }
  }

  /// Whether both are the same bytes: `==` takes different spellings of one letter for equal.
  package func isSame(as other: Content) -> Bool {
    switch (self, other) {
    case (.text(let one), .text(let two)): one.hasSameBytes(as: two)
    case (.bytes(let one), .bytes(let two)): one == two
    case (.text, .bytes), (.bytes, .text): false
    }
  }

  package var digest: String {
    switch self {
    case .text(let text): SHA256.hex(text)
    case .bytes(let bytes): SHA256.hex(bytes)
    }
  }
}

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
  /// Compares bytes of one length by words: every file that is looked at comes through here.
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

extension String {
  /// As a path: whether it is the place itself, or anything below it.
  package func lies(in place: String) -> Bool {
    guard hasPrefix(place) else { return false }
    let rest = utf8.dropFirst(place.utf8.count)
    return rest.isEmpty || rest.first == UInt8(ascii: "/")
  }
}

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

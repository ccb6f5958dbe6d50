// SPDX-License-Identifier: Apache-2.0

/// Reads values of D-Bus, little endian: D-Bus Specification, "Marshaling". Whatever the bytes are, the worst that
/// happens is `Malformed`.
struct BusReader {
  private let bytes: [UInt8]
  private(set) var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func skip(_ count: Int) throws(BusMessage.Malformed) {
    guard count >= 0, count <= bytes.count - position else { throw BusMessage.Malformed() }
    position += count
  }

  mutating func align(_ to: Int) throws(BusMessage.Malformed) { try skip((to - position % to) % to) }

  mutating func byte() throws(BusMessage.Malformed) -> UInt8 {
    try skip(1)
    return bytes[position - 1]
  }

  mutating func number() throws(BusMessage.Malformed) -> UInt32 {
    try align(4)
    try skip(4)
    return (0..<4).reduce(0) { $0 | UInt32(bytes[position - 4 + $1]) << (8 * UInt32($1)) }
  }

  mutating func long() throws(BusMessage.Malformed) -> UInt64 {
    try align(8)
    try skip(8)
    return (0..<8).reduce(0) { $0 | UInt64(bytes[position - 8 + $1]) << (8 * UInt64($1)) }
  }

  mutating func string() throws(BusMessage.Malformed) -> String {
    let count = Int(try number())
    let start = position
    try skip(count)
    try skip(1)
    return String(decoding: bytes[start..<start + count], as: UTF8.self)
  }

  mutating func byteArray() throws(BusMessage.Malformed) -> [UInt8] {
    let count = Int(try number())
    let start = position
    try skip(count)
    return Array(bytes[start..<start + count])
  }

  mutating func signature() throws(BusMessage.Malformed) -> [UInt8] {
    let count = Int(try byte())
    let start = position
    try skip(count)
    try skip(1)
    return Array(bytes[start..<start + count])
  }

  /// The items of an array of structures.
  mutating func structures(
    _ take: (_ item: inout BusReader) throws(BusMessage.Malformed) -> Void
  ) throws(BusMessage.Malformed) {
    let count = Int(try number())
    try align(8)
    let end = position + count
    guard end <= bytes.count else { throw BusMessage.Malformed() }
    while position < end {
      try align(8)
      try take(&self)
    }
    guard position == end else { throw BusMessage.Malformed() }
  }

  /// The value of a variant, if it is of this type.
  mutating func variant<Value>(
    _ type: String, _ take: (_ value: inout BusReader) throws(BusMessage.Malformed) -> Value
  ) throws(BusMessage.Malformed) -> Value {
    guard try signature() == Array(type.utf8) else { throw BusMessage.Malformed() }
    return try take(&self)
  }

  /// Skips values of these types.
  mutating func skip(_ signature: ArraySlice<UInt8>) throws(BusMessage.Malformed) {
    var rest = signature
    // No message nests deeper: D-Bus Specification, "Valid Signatures".
    while !rest.isEmpty { try skipOne(&rest, depth: 64) }
  }

  private mutating func skipOne(_ rest: inout ArraySlice<UInt8>, depth: Int) throws(BusMessage.Malformed) {
    guard depth > 0, let type = rest.popFirst() else { throw BusMessage.Malformed() }
    switch type {
    case UInt8(ascii: "y"): try skip(1)
    case UInt8(ascii: "n"), UInt8(ascii: "q"): try skip(aligned: 2)
    case UInt8(ascii: "b"), UInt8(ascii: "i"), UInt8(ascii: "u"), UInt8(ascii: "h"): try skip(aligned: 4)
    case UInt8(ascii: "x"), UInt8(ascii: "t"), UInt8(ascii: "d"): try skip(aligned: 8)
    case UInt8(ascii: "s"), UInt8(ascii: "o"):
      try skip(Int(try number()))
      try skip(1)
    case UInt8(ascii: "g"): _ = try signature()
    case UInt8(ascii: "v"):
      var inner = try signature()[...]
      try skipOne(&inner, depth: depth - 1)
    case UInt8(ascii: "a"):
      let count = Int(try number())
      try align(Self.alignment(rest.first))
      try skip(count)
      try Self.dropOne(&rest, depth: depth - 1)
    case UInt8(ascii: "("), UInt8(ascii: "{"):
      try align(8)
      while let next = rest.first, next != UInt8(ascii: ")"), next != UInt8(ascii: "}") {
        try skipOne(&rest, depth: depth - 1)
      }
      guard rest.popFirst() != nil else { throw BusMessage.Malformed() }
    default: throw BusMessage.Malformed()
    }
  }

  private mutating func skip(aligned size: Int) throws(BusMessage.Malformed) {
    try align(size)
    try skip(size)
  }

  private static func alignment(_ type: UInt8?) -> Int {
    switch type {
    case UInt8(ascii: "y"), UInt8(ascii: "g"), UInt8(ascii: "v"): 1
    case UInt8(ascii: "n"), UInt8(ascii: "q"): 2
    case UInt8(ascii: "x"), UInt8(ascii: "t"), UInt8(ascii: "d"), UInt8(ascii: "("), UInt8(ascii: "{"): 8
    default: 4
    }
  }

  /// Takes one whole type off a signature.
  private static func dropOne(_ rest: inout ArraySlice<UInt8>, depth: Int) throws(BusMessage.Malformed) {
    guard depth > 0, let type = rest.popFirst() else { throw BusMessage.Malformed() }
    switch type {
    case UInt8(ascii: "a"): try dropOne(&rest, depth: depth - 1)
    case UInt8(ascii: "("), UInt8(ascii: "{"):
      while let next = rest.first, next != UInt8(ascii: ")"), next != UInt8(ascii: "}") {
        try dropOne(&rest, depth: depth - 1)
      }
      guard rest.popFirst() != nil else { throw BusMessage.Malformed() }
    default: break
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

/// A message of D-Bus as it travels, little endian: D-Bus Specification, "Message Protocol".
struct BusMessage: Sendable {
  enum Kind: UInt8, Sendable { case call = 1, answer, failure, signal }

  var kind: Kind
  /// Which call it answers; 0 for one that answers none.
  var answers: UInt32
  var body: [UInt8]

  /// What is asked of an object.
  struct Call: Sendable {
    enum Argument: Sendable { case string(String), strings([String]) }

    var path: String
    var interface: String
    var member: String
    var arguments: [Argument] = []
  }

  static func call(_ serial: UInt32, to destination: String, _ call: Call) -> [UInt8] {
    var body = BusWriter()
    var types = ""
    for argument in call.arguments {
      switch argument {
      case .string(let text):
        body.write(string: text)
        types += "s"
      case .strings(let texts):
        var list = BusWriter()
        for text in texts {
          list.align(4)
          list.write(string: text)
        }
        body.write(UInt32(list.bytes.count))
        body.bytes += list.bytes
        types += "as"
      }
    }
    var header = BusWriter()
    header.bytes = [UInt8(ascii: "l"), Kind.call.rawValue, 0, 1]
    header.write(UInt32(body.bytes.count))
    header.write(serial)
    var fields = BusWriter()
    fields.write(field: 1, "o", call.path)
    fields.write(field: 2, "s", call.interface)
    fields.write(field: 3, "s", call.member)
    fields.write(field: 6, "s", destination)
    if !types.isEmpty { fields.write(signatureField: 8, types) }
    // The fields begin at byte 16, so that their own alignment is the message's.
    header.write(UInt32(fields.bytes.count))
    header.bytes += fields.bytes
    header.align(8)
    return header.bytes + body.bytes
  }

  /// How long the whole message is whose first 16 bytes these are.
  static func length(of head: ArraySlice<UInt8>) throws(Malformed) -> Int {
    var reader = BusReader(Array(head))
    guard try reader.byte() == UInt8(ascii: "l") else { throw Malformed() }
    try reader.skip(3)
    let body = try reader.number()
    try reader.skip(4)
    let fields = try reader.number()
    // What the specification allows.
    guard body <= 1 << 27, fields <= 1 << 26 else { throw Malformed() }
    return (16 + Int(fields) + 7) / 8 * 8 + Int(body)
  }

  init(_ bytes: [UInt8]) throws(Malformed) {
    var reader = BusReader(bytes)
    try reader.skip(1)
    guard let kind = Kind(rawValue: try reader.byte()) else { throw Malformed() }
    self.kind = kind
    try reader.skip(2)
    let length = Int(try reader.number())
    try reader.skip(4)
    let end = Int(try reader.number()) + reader.position
    answers = 0
    while reader.position < end {
      try reader.align(8)
      let field = try reader.byte()
      let types = try reader.signature()
      if field == 5, types == [UInt8(ascii: "u")] {
        answers = try reader.number()
      } else {
        try reader.skip(types[...])
      }
    }
    try reader.align(8)
    guard bytes.count - reader.position == length else { throw Malformed() }
    body = Array(bytes[reader.position...])
  }

  struct Malformed: Error {}
}

/// Values one after the other, each at a multiple of its alignment.
struct BusWriter {
  var bytes: [UInt8] = []

  mutating func align(_ to: Int) { while bytes.count % to != 0 { bytes.append(0) } }

  mutating func write(_ number: UInt32) {
    align(4)
    for shift: UInt32 in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
  }

  mutating func write(string: String) {
    write(UInt32(string.utf8.count))
    bytes += Array(string.utf8) + [0]
  }

  mutating func write(field: UInt8, _ signature: String, _ value: String) {
    align(8)
    bytes += [field, 1] + Array(signature.utf8) + [0]
    write(string: value)
  }

  mutating func write(signatureField field: UInt8, _ value: String) {
    align(8)
    bytes += [field, 1, UInt8(ascii: "g"), 0, UInt8(value.utf8.count)] + Array(value.utf8) + [0]
  }
}

// SPDX-License-Identifier: Apache-2.0

/// The public keys of a file, as `gpg --export` writes them, with or without `--armor` (RFC 9580).
///
/// Only so much is read as tells a key from what is none, and one key from another. Whether a signature is good
/// is apt's to say.
package struct OpenPGPKeys: Hashable, Sendable {
  /// The reason why a file is not taken.
  package enum Unfit: Error, Hashable, Sendable {
    /// It holds a secret key.
    case secret
    /// A keyring in the format of gpg(1) itself.
    case keybox
    /// A key of a version that apt does not take.
    case version(UInt8)
    case noKey
  }

  /// Fingerprints of the main keys, 40 upper-case hexadecimal digits each, in the order of the file.
  package let fingerprints: [String]
  /// The keys as text: the same for a file with and without armor.
  package let armored: [String]

  package static let byteLimit = 1 << 20

  package init(_ file: [UInt8]) throws(Unfit) {
    guard file.count <= Self.byteLimit else { throw .noKey }
    if file.count > 12, Array(file[8..<12]) == Array("KBXf".utf8) { throw .keybox }
    let isText = file.allSatisfy { $0 < 0x80 }
    let packets = isText ? try Self.dearmored(file) : file
    var fingerprints: [String] = []
    var rest = packets[...]
    while !rest.isEmpty {
      let (tag, body) = try Self.packet(&rest)
      switch tag {
      case 5, 7: throw .secret
      case 6:
        guard let version = body.first, body.count < 1 << 16 else { throw .noKey }
        guard version == 4 else { throw .version(version) }
        let hashed = [0x99, UInt8(body.count >> 8), UInt8(body.count & 0xff)] + body
        fingerprints.append(SHA1.bytes(of: hashed).map(\.hexadecimal).joined().uppercased())
      // Signatures, subkeys, names and what keyrings note beside them, each of a key that came before.
      case 2, 12, 13, 14, 17, 21: guard !fingerprints.isEmpty else { throw .noKey }
      default: throw .noKey
      }
    }
    guard !fingerprints.isEmpty else { throw .noKey }
    self.fingerprints = fingerprints
    armored = Self.armored(packets)
  }

  /// One packet: section 4.2, both formats, without lengths that are told piece by piece, which keys never have.
  private static func packet(_ rest: inout ArraySlice<UInt8>) throws(Unfit) -> (tag: UInt8, body: [UInt8]) {
    guard let head = rest.popFirst(), head & 0x80 != 0 else { throw .noKey }
    let isNew = head & 0x40 != 0
    let count: Int
    if isNew {
      guard let first = rest.popFirst() else { throw .noKey }
      switch first {
      case ..<192: count = Int(first)
      case 192..<224: count = (Int(first) - 192) << 8 + 192 + (try number(&rest, 1))
      case 255: count = try number(&rest, 4)
      default: throw .noKey
      }
    } else {
      guard head & 3 != 3 else { throw .noKey }
      count = try number(&rest, 1 << Int(head & 3))
    }
    guard count <= rest.count else { throw .noKey }
    defer { rest = rest.dropFirst(count) }
    return (isNew ? head & 0x3f : head >> 2 & 0x0f, Array(rest.prefix(count)))
  }

  private static func number(_ rest: inout ArraySlice<UInt8>, _ bytes: Int) throws(Unfit) -> Int {
    guard rest.count >= bytes else { throw .noKey }
    defer { rest = rest.dropFirst(bytes) }
    return rest.prefix(bytes).reduce(0) { $0 << 8 | Int($1) }
  }
}

/// Section 6: the same bytes as text.
extension OpenPGPKeys {
  private static let begin = "-----BEGIN PGP PUBLIC KEY BLOCK-----"
  private static let end = "-----END PGP PUBLIC KEY BLOCK-----"
  private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// The packets of all blocks of a text. Other lines, before and between them, are for people.
  private static func dearmored(_ text: [UInt8]) throws(Unfit) -> [UInt8] {
    var packets: [UInt8] = []
    var block: [UInt8]?
    var isHeader = false
    for line in String(decoding: text, as: UTF8.self).split(
      omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    {
      let line = line.drop(while: \.isWhitespace).split(separator: " ").joined(separator: " ")
      if line.hasPrefix("-----BEGIN PGP PRIVATE KEY") { throw .secret }
      if line == begin {
        (block, isHeader) = ([], true)
      } else if line == end, let whole = block {
        packets += try decoded(whole)
        block = nil
      } else if block != nil, isHeader {
        // `Version: …` and the like, up to the first empty line.
        isHeader = !line.isEmpty
      } else if block != nil, !line.hasPrefix("=") {
        block?.append(contentsOf: line.utf8)
      }
    }
    guard block == nil, !packets.isEmpty else { throw .noKey }
    return packets
  }

  private static func decoded(_ text: [UInt8]) throws(Unfit) -> [UInt8] {
    guard text.count % 4 == 0 else { throw .noKey }
    var bytes: [UInt8] = []
    for start in stride(from: 0, to: text.count, by: 4) {
      let padding = start + 4 == text.count ? text[start...].reversed().prefix { $0 == UInt8(ascii: "=") }.count : 0
      var bits = 0
      for letter in text[start..<start + 4 - padding] {
        guard let value = letters.firstIndex(of: letter) else { throw .noKey }
        bits = bits << 6 | value
      }
      guard padding <= 2 else { throw .noKey }
      bits <<= 6 * padding
      bytes += [16, 8, 0].map { UInt8(bits >> $0 & 0xff) }.dropLast(padding)
    }
    return bytes
  }

  private static func armored(_ packets: [UInt8]) -> [String] {
    let text = encoded(packets)
    let lines = stride(from: 0, to: text.count, by: 64).map {
      String(decoding: text[$0..<min($0 + 64, text.count)], as: UTF8.self)
    }
    let sum = checksum(packets)
    let tail = "=" + String(decoding: encoded([16, 8, 0].map { UInt8(sum >> $0 & 0xff) }), as: UTF8.self)
    return [begin, ""] + lines + [tail, end]
  }

  private static func encoded(_ bytes: [UInt8]) -> [UInt8] {
    stride(from: 0, to: bytes.count, by: 3).flatMap { start -> [UInt8] in
      let part = bytes[start..<min(start + 3, bytes.count)]
      let bits = part.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - part.count))
      let all = [18, 12, 6, 0].map { letters[bits >> $0 & 0x3f] }
      return all.dropLast(3 - part.count) + [UInt8](repeating: UInt8(ascii: "="), count: 3 - part.count)
    }
  }

  /// CRC-24 (section 6.1).
  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var sum: UInt32 = 0xb704ce
    for byte in bytes {
      sum ^= UInt32(byte) << 16
      for _ in 0..<8 { sum = sum << 1 ^ (sum & 0x80_0000 == 0 ? 0 : 0x186_4cfb) }
    }
    return sum & 0xff_ffff
  }
}

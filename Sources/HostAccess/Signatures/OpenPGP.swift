// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The two packets of OpenPGP (RFC 4880) that boot loaders read: a public key of DSA, and a detached signature.
package enum OpenPGP {
  /// No packet tells when it was made, so that the same key is the same bytes on every head.
  private static let made = number(1_700_000_000, bytes: 4)
  private static let dsa: UInt8 = 17
  private static let sha256: UInt8 = 8

  /// A public key: section 5.5.2.
  ///
  /// - Parameter y: the number that is public, its highest byte first.
  package static func publicKey(_ y: [UInt8]) -> [UInt8] { packet(6, keyBody(y)) }

  /// The bytes whose SHA-1 is a key's fingerprint. Signatures name a key by the last 8 bytes of it: section 12.2.
  static func fingerprinted(_ y: [UInt8]) -> [UInt8] {
    let body = keyBody(y)
    return [0x99] + number(body.count, bytes: 2) + body
  }

  /// The public number in a packet that `publicKey` has made. Nil: it is another packet.
  package static func key(in packet: [UInt8]) -> [UInt8]? {
    let start = Array(Self.packet(6, keyBody([])).dropFirst(3).dropLast(2))
    guard packet.count > start.count + 5, Array(packet[3..<3 + start.count]) == start else { return nil }
    let y = Array(packet[(start.count + 5)...])
    return Self.publicKey(y) == packet ? y : nil
  }

  /// The first packet of such a key that is somewhere in the bytes.
  package static func publicKey(within bytes: [UInt8]) -> [UInt8]? {
    let start = Array(keyBody([]).prefix(64))
    guard let place = bytes.firstRange(of: start)?.lowerBound, place >= 3 else { return nil }
    let count = Int(bytes[place - 2]) << 8 + Int(bytes[place - 1])
    guard place + count <= bytes.count else { return nil }
    let packet = Array(bytes[place - 3..<place + count])
    return key(in: packet) == nil ? nil : packet
  }

  /// The digest that is signed for a file: section 5.2.4.
  package static func digest(of bytes: [UInt8]) -> [UInt8] {
    var hash = SHA256()
    hash.update(bytes)
    hash.update(signed + [4, 0xff] + number(signed.count, bytes: 4))
    return hash.finishBytes()
  }

  /// A signature: section 5.2.3.
  ///
  /// - Parameter der: the two numbers as openssl(1) writes them (RFC 3279, Dss-Sig-Value).
  package static func signature(_ der: [UInt8], of digest: [UInt8], by keyID: [UInt8]) -> [UInt8]? {
    guard let numbers = DER.integers(der), numbers.count == 2 else { return nil }
    // GRUB looks for the key's name among what is not signed, and nowhere else.
    let issuer = [9, 16] + keyID
    let body =
      signed + number(issuer.count, bytes: 2) + issuer + digest.prefix(2) + integer(numbers[0]) + integer(numbers[1])
    return packet(2, body)
  }

  /// The parts of a signature of ours: who made it, and the two numbers for openssl(1). Nil: it is no such signature.
  package static func read(_ signature: [UInt8]) -> (keyID: [UInt8], der: [UInt8])? {
    let body = Array(signature.dropFirst(3))
    let rest = signed.count + 2 + 10 + 2
    guard signature.count > rest + 3, signature.starts(with: packet(2, body).prefix(3)),
      Array(body.prefix(signed.count)) == signed, Array(body[signed.count..<signed.count + 4]) == [0, 10, 9, 16]
    else { return nil }
    var place = rest
    var numbers: [[UInt8]] = []
    while place + 2 <= body.count, numbers.count < 2 {
      let count = (Int(body[place]) << 8 + Int(body[place + 1]) + 7) / 8
      guard place + 2 + count <= body.count else { return nil }
      numbers.append(Array(body[place + 2..<place + 2 + count]))
      guard numbers.last.map(integer) == Array(body[place..<place + 2 + count]) else { return nil }
      place += 2 + count
    }
    guard numbers.count == 2, place == body.count else { return nil }
    return (Array(body[signed.count + 4..<signed.count + 12]), DER.sequence(numbers.map(DER.integer)))
  }

  /// Version 4, of a file's bytes, DSA, SHA-256, and when.
  private static let signed: [UInt8] = [4, 0, dsa, sha256] + number(6, bytes: 2) + [5, 2] + made

  private static func keyBody(_ y: [UInt8]) -> [UInt8] {
    [4] + made + [dsa] + [SigningGroup.p, SigningGroup.q, SigningGroup.g, y].flatMap(integer)
  }

  /// Section 3.2: how many bits, and these.
  private static func integer(_ bytes: [UInt8]) -> [UInt8] {
    let digits = Array(bytes.drop { $0 == 0 })
    guard let first = digits.first else { return [0, 0] }
    return number(digits.count * 8 - first.leadingZeroBitCount, bytes: 2) + digits
  }

  /// Section 4.2.1, with two bytes of length.
  private static func packet(_ tag: UInt8, _ body: [UInt8]) -> [UInt8] {
    [0x80 | tag << 2 | 1] + number(body.count, bytes: 2) + body
  }

  private static func number(_ value: Int, bytes: Int) -> [UInt8] {
    (0..<bytes).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
}

// SPDX-License-Identifier: Apache-2.0

/// As much of DER (X.690) as openssl(1) needs to be given a key, and gives back.
package enum DER {
  private static let dsa: [UInt8] = [6, 7, 0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1]

  /// A private key in the group of all sites (RFC 5958). openssl finds the public number itself.
  static func privateKey(_ x: [UInt8]) -> [UInt8] {
    sequence([integer([]), algorithm, element(4, integer(x))])
  }

  /// A public key in that group (RFC 5280, SubjectPublicKeyInfo).
  static func publicKey(_ y: [UInt8]) -> [UInt8] { sequence([algorithm, element(3, [0] + integer(y))]) }

  /// The public number in what openssl writes of such a key. Nil: it is none.
  static func publicNumber(_ der: [UInt8]) -> [UInt8]? {
    // The number is as long as the group's, or a little shorter; all before it is the same for each length.
    for count in (200...257).reversed() where der.count > count {
      let y = Array(der.suffix(count).drop { $0 == 0 })
      if publicKey(y) == der { return y }
    }
    return nil
  }

  /// The integers of a sequence that holds nothing else. Nil: it is none.
  static func integers(_ der: [UInt8]) -> [[UInt8]]? {
    guard der.count > 2, der[0] == 0x30, der[1] < 0x80, Int(der[1]) == der.count - 2 else { return nil }
    var rest = der.dropFirst(2)
    var numbers: [[UInt8]] = []
    while let tag = rest.popFirst() {
      guard tag == 2, let count = rest.popFirst(), count < 0x80, Int(count) <= rest.count else { return nil }
      numbers.append(Array(rest.prefix(Int(count)).drop { $0 == 0 }))
      rest = rest.dropFirst(Int(count))
    }
    return numbers
  }

  static func sequence(_ elements: [[UInt8]]) -> [UInt8] { element(0x30, elements.flatMap { $0 }) }

  static func integer(_ bytes: [UInt8]) -> [UInt8] {
    let digits = Array(bytes.drop { $0 == 0 })
    guard let first = digits.first else { return [2, 1, 0] }
    return element(2, first > 127 ? [0] + digits : digits)
  }

  private static let algorithm = sequence([
    dsa, sequence([SigningGroup.p, SigningGroup.q, SigningGroup.g].map(integer)),
  ])

  private static func element(_ tag: UInt8, _ contents: [UInt8]) -> [UInt8] {
    let count = contents.count
    let length: [UInt8] =
      count < 0x80
      ? [UInt8(count)] : count < 0x100 ? [0x81, UInt8(count)] : [0x82, UInt8(count >> 8), UInt8(count & 255)]
    return [tag] + length + contents
  }
}

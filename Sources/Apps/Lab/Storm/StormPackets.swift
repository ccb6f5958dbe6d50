// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// DHCP as a network card's PXE ROM speaks it, and as iPXE does: RFC 2131, RFC 2132, RFC 4578.
struct StormDHCP: Hashable {
  /// Option 53.
  enum Kind: UInt8 { case discover = 1, offer = 2, request = 3, decline = 4, ack = 5, nak = 6 }

  var kind: Kind
  var transaction: UInt32
  var mac: MACAddress
  /// The address that is offered, given or asked for.
  var address: IPv4Address?
  /// Option 54.
  var server: IPv4Address?
  /// The `file` field, or option 67.
  var bootFile: String?
  /// Whether iPXE asks, and no ROM.
  var isIPXE = false
  /// Option 93: client architecture. 0 is BIOS.
  var architecture: UInt16 = 0
  /// Option 3.
  var router: IPv4Address?

  private static let magic: [UInt8] = [99, 130, 83, 99]

  init(_ kind: Kind, _ transaction: UInt32, _ mac: MACAddress) {
    self.kind = kind
    self.transaction = transaction
    self.mac = mac
  }

  /// A request of a client without an address, which asks for an answer by broadcast.
  var bytes: [UInt8] {
    var bytes: [UInt8] = [1, 1, 6, 0] + Self.four(transaction) + [0, 0, 0x80, 0] + [UInt8](repeating: 0, count: 16)
    bytes += (0..<6).map { UInt8(truncatingIfNeeded: mac.bits >> UInt64(8 * (5 - $0))) }
    bytes += [UInt8](repeating: 0, count: 10 + 64 + 128) + Self.magic
    func option(_ code: UInt8, _ value: [UInt8]) { bytes += [code, UInt8(value.count)] + value }
    option(53, [kind.rawValue])
    if let address { option(50, Self.four(address.bits)) }
    if let server { option(54, Self.four(server.bits)) }
    option(55, [1, 3, 6, 12, 15, 43, 60, 66, 67])
    let (high, low) = (UInt8(architecture >> 8), UInt8(architecture & 255))
    let name = architecture == 16 ? "HTTPClient" : "PXEClient"
    option(60, Array("\(name):Arch:\(Self.padded(architecture)):UNDI:002001".utf8))
    option(93, [high, low])
    option(94, [1, 2, 1])
    if isIPXE {
      option(77, Array("iPXE".utf8))
      option(175, [19, 1, 1])
    }
    return bytes + [255]
  }

  /// An answer of a server. Nil: it is none, or is broken.
  init?(answer bytes: ArraySlice<UInt8>) {
    let bytes = Array(bytes)
    guard bytes.count > 240, bytes[0] == 2, Array(bytes[236..<240]) == Self.magic else { return nil }
    let mac = bytes[28..<34].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let file = String(decoding: bytes[108..<236].prefix { $0 != 0 }, as: UTF8.self)
    var options: [UInt8: ArraySlice<UInt8>] = [:]
    var rest = bytes[240...]
    while let code = rest.popFirst(), code != 255 {
      if code == 0 { continue }
      guard let length = rest.popFirst(), rest.count >= length else { return nil }
      options[code] = rest.prefix(Int(length))
      rest = rest.dropFirst(Int(length))
    }
    guard let kind = options[53]?.first.flatMap(Kind.init(rawValue:)) else { return nil }
    self.init(kind, Self.number(bytes[4..<8]), MACAddress(bits: mac))
    address = IPv4Address(bits: Self.number(bytes[16..<20]))
    server = options[54].map { IPv4Address(bits: Self.number($0)) }
    router = options[3].map { IPv4Address(bits: Self.number($0.prefix(4))) }
    let named = options[67].map { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) } ?? file
    bootFile = named.isEmpty ? nil : named
  }

  private static func four(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(value >> UInt32(8 * (3 - $0)) & 255) } }

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }

  private static func padded(_ number: UInt16) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
  }
}

/// TFTP with a block size: RFC 1350, RFC 2348.
enum StormTFTP {
  static let blockSize = 1432

  static func read(_ file: String) -> [UInt8] {
    [0, 1] + Array(file.utf8) + [0] + Array("octet".utf8) + [0] + Array("blksize".utf8) + [0]
      + Array("\(blockSize)".utf8) + [0]
  }

  static func acknowledge(_ block: UInt16) -> [UInt8] { [0, 4, UInt8(block >> 8), UInt8(block & 255)] }

  enum Answer: Hashable {
    case block(UInt16, bytes: Int)
    /// The server agrees to the block size.
    case options
    case error(String)
  }

  static func answer(_ bytes: ArraySlice<UInt8>) -> Answer? {
    let bytes = Array(bytes)
    guard bytes.count >= 4, bytes[0] == 0 else { return nil }
    switch bytes[1] {
    case 3: return .block(UInt16(bytes[2]) << 8 | UInt16(bytes[3]), bytes: bytes.count - 4)
    case 5: return .error(String(decoding: bytes[4...].prefix { $0 != 0 }, as: UTF8.self))
    case 6: return .options
    default: return nil
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import FoundationEssentials
import Wings

/// A message between the two heads' programs.
struct ReplicaMessage: Equatable {
  enum Kind: UInt32 {
    /// Who it is, and the facts about its copy.
    case hello
    /// The regions that it has marked, after its hello.
    case marks
    /// Both copies are the same already.
    case same
    /// The receiver's copy is not whole from now on, until `done`.
    case begin
    /// Bytes to write at an offset.
    case write
    /// Flush what was written.
    case flush
    /// The copy is whole again, with these facts.
    case done
    case ping
    /// All up to this number, in order, is done.
    case acknowledge
    /// It goes in good order: a standby has outdated itself, an active one has flushed both copies.
    case goodbye
  }

  var kind: Kind
  var number: UInt64 = 0
  var offset = 0
  var payload: [UInt8] = []

  static let header = 32
  private static let magic: UInt32 = 0x636c_7265
  /// More comes in no message: marks of 64 TiB.
  static let longest = 4 << 20

  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.header + payload.count)
    func put<Number: FixedWidthInteger>(_ value: Number) { withUnsafeBytes(of: value.bigEndian) { bytes += $0 } }
    put(Self.magic)
    put(kind.rawValue)
    put(number)
    put(Int64(offset))
    put(UInt32(payload.count))
    put(UInt32(0))
    return bytes + payload
  }

  enum Reading: Equatable {
    case message(ReplicaMessage, length: Int)
    /// The rest has not come yet.
    case incomplete
    /// Whoever sends this is something else.
    case nonsense
  }

  static func read(_ bytes: ArraySlice<UInt8>) -> Reading {
    guard bytes.count >= header else { return .incomplete }
    func number(_ at: Int, _ count: Int) -> UInt64 {
      bytes[(bytes.startIndex + at)..<(bytes.startIndex + at + count)].reduce(0) { $0 << 8 | UInt64($1) }
    }
    let length = Int(number(24, 4))
    guard number(0, 4) == magic, let kind = Kind(rawValue: UInt32(number(4, 4))), length <= longest,
      let offset = Int(exactly: Int64(bitPattern: number(16, 8)))
    else { return .nonsense }
    guard bytes.count >= header + length else { return .incomplete }
    let payload = Array(bytes.dropFirst(header).prefix(length))
    let message = ReplicaMessage(kind: kind, number: number(8, 8), offset: offset, payload: payload)
    return .message(message, length: header + length)
  }
}

/// The first message of each side.
struct ReplicaHello: Hashable, Codable {
  var role: StandIn.Role
  var name: String
  var size: Int
  var meta: ReplicaMeta

  var message: ReplicaMessage {
    // Encoding of numbers and words does not fail.
    ReplicaMessage(kind: .hello, payload: (try? JSONEncoder().encode(self)).map(Array.init) ?? [])
  }

  init(role: StandIn.Role, name: String, size: Int, meta: ReplicaMeta) {
    self.role = role
    self.name = name
    self.size = size
    self.meta = meta
  }

  /// This head's own.
  init(_ role: StandIn.Role, _ place: ReplicaPlace, _ store: ReplicaStore) {
    self.init(role: role, name: place.name, size: store.size, meta: store.meta)
  }

  /// Reads a side's first message. Nil: it is another one.
  init?(_ message: ReplicaMessage) { self.init(message, of: .hello) }

  /// Reads what a message of this kind carries. Nil: it is none.
  init?(_ message: ReplicaMessage, of kind: ReplicaMessage.Kind) {
    guard message.kind == kind, let hello = try? JSONDecoder().decode(Self.self, from: Data(message.payload)) else {
      return nil
    }
    self = hello
  }
}

extension ReplicaMessage {
  /// Regions as four bytes each.
  static func marks(_ regions: [Int]) -> ReplicaMessage {
    var payload: [UInt8] = []
    for region in regions { withUnsafeBytes(of: UInt32(region).bigEndian) { payload += $0 } }
    return ReplicaMessage(kind: .marks, payload: payload)
  }

  var regions: [Int] {
    stride(from: 0, to: payload.count - payload.count % 4, by: 4).map { start in
      payload[start..<(start + 4)].reduce(0) { $0 << 8 | Int($1) }
    }
  }
}

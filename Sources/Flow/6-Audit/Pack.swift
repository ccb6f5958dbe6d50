// SPDX-License-Identifier: Apache-2.0
import CGit2
import CZlib

/// A pack and its index, version 2 of both: gitformat-pack(5). Every object is in it whole, compressed by zlib.
struct Pack {
  struct Object {
    var id: GitID
    var type: git_object_t
    var bytes: [UInt8]
  }

  let bytes: [UInt8]
  let index: [UInt8]
  /// Of its files, without an ending.
  let name: String

  init(_ objects: [Object]) throws(AuditError) {
    var pack = Array("PACK".utf8)
    pack.append(number: 2)
    pack.append(number: UInt32(objects.count))
    var entries: [(id: [UInt8], sum: UInt32, offset: UInt32)] = []
    let deflater = try Deflater()
    for object in objects {
      let start = pack.count
      pack += Self.header(object)
      try deflater.append(object.bytes, to: &pack)
      entries.append((object.id.bytes, Self.sum(pack[start...]), UInt32(start)))
    }
    // Offsets of 31 bits; a run's objects are some kilobytes, and the first run's some megabytes.
    guard pack.count < 1 << 31 else {
      throw AuditError(
        .git, "the record of one run would be \(pack.count >> 20) MiB", cause: nil,
        next: "Find the large file that the description refers to, and keep it elsewhere.")
    }
    let digest = SHA1.digest(pack)
    (bytes, name) = (pack + digest, "pack-" + GitID(bytes: digest).description)
    index = Self.index(entries.sorted { $0.id.lexicographicallyPrecedes($1.id) }, of: digest)
  }

  /// Type and size: 4 bits of the size and then 7 in each byte, the lowest first.
  private static func header(_ object: Object) -> [UInt8] {
    var size = object.bytes.count
    var bytes = [UInt8(object.type.rawValue) << 4 | UInt8(size & 15)]
    size >>= 4
    while size > 0 {
      bytes[bytes.count - 1] |= 0x80
      bytes.append(UInt8(size & 0x7f))
      size >>= 7
    }
    return bytes
  }

  private static func index(_ entries: [(id: [UInt8], sum: UInt32, offset: UInt32)], of pack: [UInt8]) -> [UInt8] {
    var index: [UInt8] = [0xff, UInt8(ascii: "t"), UInt8(ascii: "O"), UInt8(ascii: "c")]
    index.reserveCapacity(1_100 + entries.count * 28)
    index.append(number: 2)
    // How many have a first byte up to this one.
    var counts = [UInt32](repeating: 0, count: 256)
    for entry in entries { counts[Int(entry.id[0])] += 1 }
    var total: UInt32 = 0
    for count in counts {
      total += count
      index.append(number: total)
    }
    for entry in entries { index += entry.id }
    for entry in entries { index.append(number: entry.sum) }
    for entry in entries { index.append(number: entry.offset) }
    index += pack
    return index + SHA1.digest(index)
  }

  private static func sum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    bytes.withUnsafeBufferPointer { UInt32(truncatingIfNeeded: crc32(0, $0.baseAddress, UInt32($0.count))) }
  }
}

extension [UInt8] {
  fileprivate mutating func append(number: UInt32) { Swift.withUnsafeBytes(of: number.bigEndian) { self += $0 } }
}

/// zlib's deflate, for one stream after the other: making room for one takes longer than compressing most objects.
private final class Deflater {
  /// Where it stays: zlib looks at its address.
  private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)

  init() throws(AuditError) {
    stream.initialize(to: z_stream())
    let code = deflateInit_(stream, Z_BEST_SPEED, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard code == Z_OK else { throw Self.failure(code) }
  }

  deinit {
    deflateEnd(stream)
    stream.deallocate()
  }

  func append(_ bytes: [UInt8], to output: inout [UInt8]) throws(AuditError) {
    var code = deflateReset(stream)
    guard code == Z_OK else { throw Self.failure(code) }
    let most = Int(deflateBound(stream, UInt(bytes.count)))
    output += [UInt8](unsafeUninitializedCapacity: most) { room, count in
      bytes.withUnsafeBufferPointer { input in
        stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
        stream.pointee.avail_in = UInt32(input.count)
        stream.pointee.next_out = room.baseAddress
        stream.pointee.avail_out = UInt32(room.count)
        code = deflate(stream, Z_FINISH)
        count = room.count - Int(stream.pointee.avail_out)
      }
    }
    guard code == Z_STREAM_END else { throw Self.failure(code) }
  }

  private static func failure(_ code: Int32) -> AuditError {
    AuditError(
      .git, "the record cannot be compressed", cause: "zlib says \(code)",
      next: "Check that the machine has free memory: free -h")
  }
}

// SPDX-License-Identifier: Apache-2.0

/// SHA-256 (FIPS 180-4), for content addresses of small things: files, recipes, plans.
///
/// Written here because the agent links nothing but the Swift runtime; large files go through `sha256sum(1)`.
package struct SHA256: Sendable {
  private var state: [UInt32] = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
  ]
  private var pending: [UInt8] = []
  private var length: UInt64 = 0

  package init() {}

  /// The digest as 64 lower-case hexadecimal digits.
  package static func hex(_ text: String) -> String { digest(text.utf8) }
  package static func hex(_ bytes: [UInt8]) -> String { digest(bytes) }

  private static func digest(_ bytes: some Collection<UInt8>) -> String {
    var hash = SHA256()
    hash.update(bytes)
    return hash.finish()
  }

  package mutating func update(_ bytes: some Collection<UInt8>) {
    if bytes.withContiguousStorageIfAvailable({ absorb($0) }) == nil {
      Array(bytes).withUnsafeBufferPointer { absorb($0) }
    }
  }

  /// Whole blocks are read where they lie; only what is left of the last one is kept.
  private mutating func absorb(_ bytes: UnsafeBufferPointer<UInt8>) {
    length += UInt64(bytes.count)
    var start = 0
    if !pending.isEmpty {
      start = min(64 - pending.count, bytes.count)
      pending.append(contentsOf: bytes[..<start])
      if pending.count < 64 { return }
      pending.withUnsafeBufferPointer { Self.compress(&state, $0) }
      pending.removeAll(keepingCapacity: true)
    }
    while bytes.count - start >= 64 {
      Self.compress(&state, UnsafeBufferPointer(rebasing: bytes[start..<start + 64]))
      start += 64
    }
    pending.append(contentsOf: bytes[start...])
  }

  package consuming func finish() -> String { Self.hexText(finishBytes()) }

  /// The digest as 32 bytes.
  package static func bytes(of message: [UInt8]) -> [UInt8] {
    var hash = SHA256()
    hash.update(message)
    return hash.finishBytes()
  }

  package consuming func finishBytes() -> [UInt8] {
    let bits = length * 8
    var tail: [UInt8] = [0x80]
    tail += Array(repeating: 0, count: (119 - pending.count % 64) % 64)
    for shift in stride(from: 56, through: 0, by: -8) { tail.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift))) }
    update(tail)
    return Array(unsafeUninitializedCapacity: 32) { bytes, count in
      for (index, word) in state.enumerated() {
        for place in 0..<4 { bytes[4 * index + place] = UInt8(truncatingIfNeeded: word >> UInt32(24 - 8 * place)) }
      }
      count = 32
    }
  }

  /// Lower-case hexadecimal digits, two for each byte.
  static func hexText(_ bytes: [UInt8]) -> String {
    func digit(_ value: UInt8) -> UInt8 { value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10 }
    return String(unsafeUninitializedCapacity: 2 * bytes.count) { text in
      for (index, byte) in bytes.enumerated() {
        text[2 * index] = digit(byte >> 4)
        text[2 * index + 1] = digit(byte & 15)
      }
      return 2 * bytes.count
    }
  }

  /// Only operators that are not generic: a debug build calls those as functions, a third of the time of some tests.
  private static func compress(_ state: inout [UInt32], _ block: UnsafeBufferPointer<UInt8>) {
    // Looked up once: a global is checked for having been made each time that it is asked for.
    let constants = constants
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { w in
      for i in 0..<16 {
        w[i] =
          UInt32(block[4 * i]) &<< 24 | UInt32(block[4 * i + 1]) &<< 16 | UInt32(block[4 * i + 2]) &<< 8
          | UInt32(block[4 * i + 3])
      }
      for i in 16..<64 {
        let s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] &>> 3
        let s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] &>> 10
        w[i] = w[i - 16] &+ s0 &+ w[i - 7] &+ s1
      }
      var (a, b, c, d) = (state[0], state[1], state[2], state[3])
      var (e, f, g, h) = (state[4], state[5], state[6], state[7])
      for i in 0..<64 {
        let s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
        let t1 = h &+ s1 &+ ((e & f) ^ (~e & g)) &+ constants[i] &+ w[i]
        let s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
        let t2 = s0 &+ ((a & b) ^ (a & c) ^ (b & c))
        (h, g, f, e, d, c, b, a) = (g, f, e, d &+ t1, c, b, a, t1 &+ t2)
      }
      state[0] &+= a
      state[1] &+= b
      state[2] &+= c
      state[3] &+= d
      state[4] &+= e
      state[5] &+= f
      state[6] &+= g
      state[7] &+= h
    }
  }

  private static func rotate(_ x: UInt32, _ n: UInt32) -> UInt32 { x &>> n | x &<< (32 - n) }

  private static let constants: [UInt32] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
  ]
}

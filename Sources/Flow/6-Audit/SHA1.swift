// SPDX-License-Identifier: Apache-2.0

/// SHA-1 of bytes, RFC 3174: what a pack ends with. Objects are named by libgit2, which looks out for forged ones too.
struct SHA1 {
  private var state: (UInt32, UInt32, UInt32, UInt32, UInt32) = (
    0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0
  )

  static func digest(_ bytes: [UInt8]) -> [UInt8] {
    var hash = SHA1()
    let whole = bytes.count / 64 * 64
    // The rest, a bit that ends it, zeros, and the length in bits: one block or two.
    var last = bytes[whole...] + [0x80]
    last += repeatElement(0, count: (120 - last.count) % 64)
    withUnsafeBytes(of: UInt64(bytes.count * 8).bigEndian) { last += $0 }
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 80) { words in
      bytes.withUnsafeBytes { all in
        for start in stride(from: 0, to: whole, by: 64) { hash.add(all, start, words) }
      }
      Array(last).withUnsafeBytes { all in
        for start in stride(from: 0, to: all.count, by: 64) { hash.add(all, start, words) }
      }
    }
    let (a, b, c, d, e) = hash.state
    return [a, b, c, d, e].flatMap { word in withUnsafeBytes(of: word.bigEndian) { Array($0) } }
  }

  /// One block of 64 bytes. `words` is room for 80.
  private mutating func add(
    _ bytes: UnsafeRawBufferPointer, _ start: Int, _ words: UnsafeMutableBufferPointer<UInt32>
  ) {
    for index in 0..<16 {
      words[index] = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: start + index * 4, as: UInt32.self))
    }
    for index in 16..<80 {
      let word = words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16]
      words[index] = word << 1 | word >> 31
    }
    var (a, b, c, d, e) = state
    for index in 0..<80 {
      let mixed: UInt32 =
        switch index {
        case ..<20: ((b & c) | (~b & d)) &+ 0x5a82_7999
        case ..<40: (b ^ c ^ d) &+ 0x6ed9_eba1
        case ..<60: ((b & c) | (b & d) | (c & d)) &+ 0x8f1b_bcdc
        default: (b ^ c ^ d) &+ 0xca62_c1d6
        }
      let next = (a << 5 | a >> 27) &+ mixed &+ e &+ words[index]
      (e, d, c, b, a) = (d, c, b << 30 | b >> 2, a, next)
    }
    state = (state.0 &+ a, state.1 &+ b, state.2 &+ c, state.3 &+ d, state.4 &+ e)
  }
}

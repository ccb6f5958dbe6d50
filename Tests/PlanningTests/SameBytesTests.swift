// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Testing

@Suite struct SameBytesTests {
  /// Around the ends of the words that are compared at once.
  @Test(arguments: 1...25) func oneOtherByteIsSeenWhereverItIs(_ length: Int) {
    let text = String(repeating: "a", count: length)

    #expect(text.hasSameBytes(as: String(decoding: text.utf8, as: UTF8.self)))
    #expect(!text.hasSameBytes(as: text + "a"))
    for place in 0..<length {
      var bytes = Array(text.utf8)
      bytes[place] = UInt8(ascii: "b")
      #expect(!text.hasSameBytes(as: String(decoding: bytes, as: UTF8.self)), "byte \(place) of \(length)")
    }
  }

  @Test func spellingsOfOneLetterDiffer() {
    let (composed, decomposed) = ("caf\u{e9} au lait.", "cafe\u{301} au lait")

    #expect("caf\u{e9}" == "cafe\u{301}")
    #expect(composed.utf8.count == decomposed.utf8.count)
    #expect(!composed.hasSameBytes(as: decomposed))
  }
}

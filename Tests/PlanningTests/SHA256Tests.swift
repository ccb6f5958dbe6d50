// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import TestKit
import Testing
import Wings

@Suite struct SHA256Tests {
  /// The examples of FIPS 180-4, and others whose ends fall around the end of a block.
  @Test(arguments: [
    ("", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    ("a", 55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"),
    ("a", 56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"),
    ("a", 64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"),
    ("a", 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
  ])
  func knownDigests(_ part: String, _ times: Int, _ digest: String) {
    let text = String(repeating: part, count: times)
    #expect(SHA256.hex(text) == digest)
    #expect(SHA256.hex(Array(text.utf8)) == digest)
  }

  @Test(arguments: 1...40 as ClosedRange<UInt64>) func partsGiveTheDigestOfTheWhole(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let bytes = (0..<Int.random(in: 0...400, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }

    var hash = SHA256()
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = rest.prefix(Int.random(in: 0...130, using: &random))
      hash.update(part)
      rest = rest.dropFirst(part.count)
    }

    #expect(hash.finish() == SHA256.hex(bytes), "seed \(seed)")
  }

  @Test func aDigestFollowsTheContentsOfItsEntry() {
    var entry = TreeGoal.Entry(.text("one"))
    #expect(entry.digest == Content.text("one").digest)
    let copy = entry
    entry = TreeGoal.Entry(.text("two"))

    #expect(entry.digest == Content.text("two").digest)
    #expect(copy.digest == Content.text("one").digest)
    #expect(copy == TreeGoal.Entry(.text("one")))
  }
}

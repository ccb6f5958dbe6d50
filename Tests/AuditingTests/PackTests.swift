// SPDX-License-Identifier: Apache-2.0
import CGit2
import Foundation
import HostAccess
import TestKit
import Testing

@testable import Auditing

/// Packs as git itself reads them.
@Suite struct PackTests {
  private static func text(_ digest: [UInt8]) -> String { GitID(bytes: digest).description }

  /// From RFC 3174, and lengths around a block's.
  @Test func digestsAreThoseOfTheStandard() {
    #expect(Self.text(SHA1.digest(Array("abc".utf8))) == "a9993e364706816aba3e25717850c26c9cd0d89d")
    #expect(Self.text(SHA1.digest([])) == "da39a3ee5e6b4b0d3255bfef95601890afd80709")
    #expect(
      Self.text(SHA1.digest(Array(repeating: UInt8(ascii: "a"), count: 1_000_000)))
        == "34aa973cd4c4daa4f61eeb2bdbad27316534016f")
  }

  /// libgit2 hashes a blob with a header before it: the same bytes must have the same digest.
  @Test func digestsOfAllLengthsAreThoseOfLibgit2() throws {
    var random = SeededGenerator()
    for length in Array(0...200) + [4_095, 70_000] {
      let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }

      let id = try NewObjects(known: []).add(bytes, GIT_OBJECT_BLOB)

      #expect(Self.text(SHA1.digest(Array("blob \(length)\0".utf8) + bytes)) == id.description, "\(length) bytes")
    }
  }

  @Test func gitReadsEveryObjectOfAPack() async throws {
    var random = SeededGenerator()
    let repository = try await TemporaryRepository.withSpec()
    for count in [1, 2, 40, 700] {
      let contents = (0..<count).map { number -> [UInt8] in
        // Of all sizes that the header of an object writes differently, some that compress and some that do not.
        let length = [0, 1, 15, 16, 2_047, 2_048, 40_000].randomElement(using: &random) ?? 0
        let isText = Bool.random(using: &random)
        return Array("\(number)\n".utf8)
          + (0..<length).map { isText ? UInt8($0 % 64 + 32) : UInt8.random(in: 0...255, using: &random) }
      }
      var objects: [Pack.Object] = []
      for bytes in contents {
        let id = try NewObjects(known: []).add(bytes, GIT_OBJECT_BLOB)
        objects.append(Pack.Object(id: id, type: GIT_OBJECT_BLOB, bytes: bytes))
      }

      let pack = try Pack(objects)
      let path = "\(repository.path)/.git/objects/pack/\(pack.name)"
      try Data(pack.bytes).write(to: URL(filePath: path + ".pack"))
      try Data(pack.index).write(to: URL(filePath: path + ".idx"))

      let listed = try await repository.git("verify-pack", "-v", path + ".idx")
      #expect(listed.split(separator: "\n").count { $0.contains(" blob ") } == count)
      for object in objects.shuffled(using: &random).prefix(5) {
        let git = try GitRepository(containing: repository.path)
        #expect(try git.blob(object.id) == object.bytes)
      }
      // git makes the same index of it.
      let made = repository.path + "/made.idx"
      try await repository.git("index-pack", "-o", made, path + ".pack")
      #expect(try Data(contentsOf: URL(filePath: made)) == Data(pack.index))
    }
    try await repository.git("fsck", "--strict", "--full")
  }
}

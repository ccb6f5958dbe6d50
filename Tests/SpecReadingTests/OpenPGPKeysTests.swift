// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import TestKit
import Testing

@Suite struct OpenPGPKeysTests {
  private static func keys(_ text: String) throws -> OpenPGPKeys { try OpenPGPKeys(Array(text.utf8)) }

  /// The packets of an armored block, as Foundation decodes them.
  private static func binary(_ text: String) throws -> [UInt8] {
    let lines = text.split(separator: "\n").filter { !$0.hasPrefix("-") && !$0.hasPrefix("=") }
    return Array(try #require(Data(base64Encoded: lines.joined())))
  }

  private static func reason(_ bytes: [UInt8]) -> OpenPGPKeys.Unfit? {
    do throws(OpenPGPKeys.Unfit) {
      _ = try OpenPGPKeys(bytes)
      return nil
    } catch { return error }
  }

  /// gpg(1) says the same of both.
  @Test(arguments: [
    (SampleKeys.vendor, SampleKeys.vendorFingerprint), (SampleKeys.other, SampleKeys.otherFingerprint),
  ])
  func fingerprintsAreThoseOfTheMainKeys(_ text: String, _ fingerprint: String) throws {
    #expect(try Self.keys(text).fingerprints == [fingerprint])
  }

  /// A site that saves the same key in another way asks for nothing else, so no image is built anew.
  @Test func textAndBinaryAreTheSameKey() throws {
    for text in [SampleKeys.vendor, SampleKeys.other] {
      let keys = try Self.keys(text)
      #expect(try OpenPGPKeys(try Self.binary(text)) == keys)
      #expect(try Self.keys("From the vendor:\r\n" + text.replacing("\n", with: "\r\n") + "Bye.\r\n") == keys)
      #expect(keys.armored.joined(separator: "\n") + "\n" == text, "gpg(1) writes it so, checksum and all")
    }
  }

  @Test func severalKeysAreAllTaken() throws {
    let expected = [SampleKeys.vendorFingerprint, SampleKeys.otherFingerprint]
    #expect(try Self.keys(SampleKeys.vendor + SampleKeys.other).fingerprints == expected)
    let both = try Self.binary(SampleKeys.vendor) + Self.binary(SampleKeys.other)
    #expect(try OpenPGPKeys(both).fingerprints == expected)
    #expect(try OpenPGPKeys(both).armored == Self.keys(SampleKeys.vendor + SampleKeys.other).armored)
  }

  @Test func whatIsNoPublicKeyIsRefusedByItsReason() throws {
    let vendor = try Self.binary(SampleKeys.vendor)
    #expect(Self.reason([0xc5, 1, 4]) == .secret)
    #expect(Self.reason(Array("-----BEGIN PGP PRIVATE KEY BLOCK-----\n".utf8)) == .secret)
    #expect(Self.reason(vendor + [0xc7, 1, 4]) == .secret, "a secret subkey behind a public key")
    #expect(Self.reason([0, 0, 0, 32, 1, 1, 0, 2] + Array("KBXf".utf8) + [0, 0]) == .keybox)
    #expect(Self.reason([0xc6, 2, 6, 0]) == .version(6))
    for bytes in [[], Array("<html>Not found</html>\n".utf8), Array(vendor.dropLast()), Array(vendor.dropFirst())] {
      #expect(Self.reason(bytes) == .noKey)
    }
    #expect(Self.reason([0xc2, 1, 4]) == .noKey, "a signature alone")
    #expect(Self.reason(Array(SampleKeys.vendor.replacing("mDME", with: "m*ME").utf8)) == .noKey)
    #expect(Self.reason([UInt8](repeating: 0xff, count: OpenPGPKeys.byteLimit + 1)) == .noKey)
  }

  /// Whatever a file holds, reading it ends.
  @Test func brokenFilesAreNoKeys() throws {
    var random = SeededGenerator()
    let whole = try Self.binary(SampleKeys.other)
    for _ in 0..<500 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      if Bool.random(using: &random) { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random)) }
      if Self.reason(bytes) == nil { #expect(try OpenPGPKeys(bytes).fingerprints.allSatisfy { $0.utf8.count == 40 }) }
    }
  }
}

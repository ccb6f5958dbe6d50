// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Testing
import Wings

@testable import AgentServer

@Suite struct HostKeyTests {
  private static func bytes(_ text: String) -> [UInt8] {
    let digits = Array(text)
    return stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
  }

  /// RFC 8032, 7.1: tests 1 to 3, and the one whose key is used for a digest.
  @Test(arguments: [
    (
      "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    ),
    (
      "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    ),
    (
      "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
      "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"
    ),
    (
      "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
      "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf"
    ),
  ]) func publicKeysAreThoseOfTheStandard(_ seed: String, _ key: String) {
    #expect(Ed25519.publicKey(of: Self.bytes(seed)) == Self.bytes(key))
  }

  /// FIPS 180-4's example of two blocks, and lengths around a block's end, against sha512sum(1).
  @Test func sha512IsThatOfTheStandard() async throws {
    for length in [0, 1, 3, 111, 112, 127, 128, 129, 300] {
      let message = [UInt8](repeating: 97, count: length)
      let sum = try await Command.checked(
        "sha512sum", [], input: message, next: "See what sha512sum says.")
      let digest = SHA512.digest(message).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
      #expect(sum.text.hasPrefix(digest), "\(length)")
    }
  }

  /// RFC 4231, test cases 2 and 6.
  @Test func hmacIsThatOfTheStandard() {
    #expect(
      HMAC.hex(key: Array("Jefe".utf8), Array("what do ya want for nothing?".utf8))
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    #expect(
      HMAC.hex(
        key: [UInt8](repeating: 0xaa, count: 131), Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8))
        == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
  }

  /// OpenSSH reads the key, and finds the same public half; for names of every length, so with every padding.
  @Test func openSSHReadsThem() async throws {
    let folder = NSTemporaryDirectory() + "host-keys-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var keys: Set<String> = []
    for length in 1...17 {
      let key = HostKey(of: HostID(String(repeating: "n", count: length)), site: [1, 2, 3])
      try FileSystem.write(Array(key.privateText.utf8), to: "\(folder)/key", mode: 0o600)
      let read = try await Command.checked("ssh-keygen", ["-y", "-f", "\(folder)/key"], next: "See what it says.")
      #expect(read.text == "\(key.publicText) \(key.comment)\n")
      keys.insert(key.publicText)
    }
    #expect(keys.count == 17)
    #expect(HostKey(of: "n", site: [1, 2, 3]).privateText == HostKey(of: "n", site: [1, 2, 3]).privateText)
    #expect(HostKey(of: "n", site: [1, 2, 4]).publicText != HostKey(of: "n", site: [1, 2, 3]).publicText)
  }

  /// GNU tar reads the archive: names of any length, owners by name, bytes as they are.
  @Test func tarReadsArchives() async throws {
    let folder = NSTemporaryDirectory() + "archive-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let long = "/etc/" + String(repeating: "very-long/", count: 20) + "name"
    var archive = Archive()
    archive.add("/etc/ssh/key", Array("k\n".utf8), owner: "root:root", mode: 0o600)
    archive.add(long, [UInt8](repeating: 7, count: 513), owner: "munge:slurm", mode: 0o440)
    try FileSystem.write(archive.closed, to: "\(folder)/a.tar")

    let list = try await Command.checked("tar", ["-tvf", "\(folder)/a.tar"], next: "See what tar says.")
    let numbers = try await Command.checked("tar", ["--numeric-owner", "-tvf", "\(folder)/a.tar"], next: "See.")
    try await Command.checked(
      "tar", ["-x", "-f", "\(folder)/a.tar", "-C", folder, "--no-same-owner"], next: "See what tar says.")

    let lines = list.text.split(separator: "\n")
    #expect(lines.count == 2 && list.errorText == "")
    #expect(lines[0].hasPrefix("-rw------- root/root ") && lines[0].hasSuffix(" etc/ssh/key"))
    #expect(lines[1].hasPrefix("-r--r----- munge/slurm ") && lines[1].hasSuffix(" \(long.dropFirst())"))
    #expect(numbers.text.contains(" 0/0 ") && numbers.text.contains(" 2097151/2097151 "))
    #expect(try FileSystem.read(folder + long) == [UInt8](repeating: 7, count: 513))
  }
}

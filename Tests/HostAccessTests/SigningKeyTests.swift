// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import Testing

@testable import HostAccess

/// Keys and signatures of OpenPGP, as openssl(1) makes and reads them. That GRUB believes them is shown in LabTests.
@Suite struct SigningKeyTests {
  private static let secret = Array("the key of the site".utf8)

  /// The numbers of the group are in the program, and anybody can find out where they come from.
  @Test func theGroupFollowsFromItsSeed() async throws {
    let made = try await Command.checked(
      "openssl",
      [
        "genpkey", "-genparam", "-algorithm", "DSA", "-pkeyopt", "type:fips186_4", "-pkeyopt", "pbits:2048",
        "-pkeyopt", "qbits:256", "-pkeyopt", "digest:SHA256", "-pkeyopt", "gindex:1", "-pkeyopt",
        "hexseed:\(SHA256.hex(SigningGroup.seed))",
      ], next: "Install openssl.")
    let lines = made.text.split(separator: "\n").filter { !$0.hasPrefix("-") }
    let parameters = try #require(Data(base64Encoded: lines.joined()))
    #expect(Array(parameters) == DER.sequence([SigningGroup.p, SigningGroup.q, SigningGroup.g].map(DER.integer)))
  }

  @Test func everyHeadMakesTheSameKey() async throws {
    let (one, two) = (try await SigningKey(secret: Self.secret), try await SigningKey(secret: Self.secret))
    let other = try await SigningKey(secret: Array("another".utf8))

    #expect(one.verifier.packet == two.verifier.packet && one.verifier.packet != other.verifier.packet)
    let bytes = Array("set image=compute\n".utf8)
    let signature = try await one.sign(bytes)
    #expect(try await two.verifier.accepts(signature, of: bytes))
    #expect(try await !other.verifier.accepts(signature, of: bytes))
    #expect(try await !two.verifier.accepts(signature, of: bytes + [10]))
    #expect(try await !two.verifier.accepts(try await other.sign(bytes), of: bytes))
  }

  @Test func aSignatureThatIsChangedAnywhereIsNone() async throws {
    let key = try await SigningKey(secret: Self.secret)
    let bytes = Array("x".utf8)
    let signature = try await key.sign(bytes)
    // But for two bytes of the digest, by which others find out sooner that a key is another one: 3 of the packet's
    // head, 12 that are signed, 12 that name the key.
    for place in stride(from: 0, to: signature.count, by: 5) where !(27...28).contains(place) {
      var changed = signature
      changed[place] ^= 1
      #expect(try await !key.verifier.accepts(changed, of: bytes), "byte \(place)")
    }
    for count in [0, 3, 10, signature.count - 1] {
      #expect(try await !key.verifier.accepts(Array(signature.prefix(count)), of: bytes))
    }
  }

  @Test func aKeyIsFoundInWhatItIsBuiltInto() async throws {
    let key = try await SigningKey(secret: Self.secret)
    let packet = key.verifier.packet

    #expect(OpenPGP.publicKey(within: [1, 2, 3] + packet + [4]) == packet)
    #expect(OpenPGP.publicKey(within: Array(packet.dropLast())) == nil)
    let found = try #require(try await SignatureVerifier(packet: packet))
    #expect(found.keyID == key.verifier.keyID && found.keyID.count == 8)
    #expect(try await SignatureVerifier(packet: Array(packet.dropLast())) == nil)
  }

  @Test func theNumberIsBelowTheGroupsOrder() {
    for index in 0..<200 {
      let number = SigningKey.number([UInt8(index)])
      #expect(number.count == 32 && number.lexicographicallyPrecedes(SigningGroup.q))
    }
  }
}

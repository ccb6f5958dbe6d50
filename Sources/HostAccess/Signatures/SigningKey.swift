// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import FoundationEssentials

/// The key that signs what nodes boot. It follows from a secret of the site, so every head makes the same.
///
/// openssl(1) does the work, and gets the key by a pipe: it is in no file and in no list of processes.
package struct SigningKey: Sendable {
  // See HMAC: the secret is used for nothing else with these words before.
  private static let words = "cluster boot signing key 1\0"

  private let own: [UInt8]
  /// The half that everybody may know.
  package let verifier: SignatureVerifier

  package init(secret: [UInt8]) async throws(AgentError) {
    own = DER.privateKey(Self.number(secret))
    let der = try await Self.openssl(["pkey", "-inform", "DER", "-pubout", "-outform", "DER"], input: own)
    guard let y = DER.publicNumber(der) else { throw Self.misread("a public key") }
    verifier = try await SignatureVerifier(number: y)
  }

  /// A detached signature of a file.
  package func sign(_ bytes: [UInt8]) async throws(AgentError) -> [UInt8] {
    let digest = OpenPGP.digest(of: bytes)
    let der = try await TransientFile.with(digest) { path throws(AgentError) in
      try await Self.openssl(["pkeyutl", "-sign", "-keyform", "DER", "-inkey", "/dev/stdin", "-in", path], input: own)
    }
    guard let signature = OpenPGP.signature(der, of: digest, by: verifier.keyID) else {
      throw Self.misread("a signature")
    }
    return signature
  }

  /// A number from 1 to the group's order, each as probable as any other: FIPS 186-4, B.1.2.
  static func number(_ secret: [UInt8]) -> [UInt8] {
    var tries = 0
    while true {
      let candidate = HMAC.sha256(key: secret, Array("\(words)\(tries)".utf8))
      if candidate.lexicographicallyPrecedes(SigningGroup.q), candidate.contains(where: { $0 != 0 }) {
        return candidate
      }
      tries += 1
    }
  }

  static func openssl(_ arguments: [String], input: [UInt8]) async throws(AgentError) -> [UInt8] {
    try await Command.checked("openssl", arguments, input: input, next: "Check openssl on this head.").stdout
  }

  private static func misread(_ what: String) -> AgentError {
    AgentError(
      .commandFailed, "openssl made what is not \(what)", next: "Check openssl on this head: `openssl version`.")
  }
}

/// Says whether a signature was made by the owner of a key.
package struct SignatureVerifier: Sendable {
  /// The key as a packet of OpenPGP, as boot loaders have it built in.
  package let packet: [UInt8]
  /// The bytes by which signatures name it.
  package let keyID: [UInt8]
  private let key: [UInt8]

  init(number: [UInt8]) async throws(AgentError) {
    packet = OpenPGP.publicKey(number)
    key = DER.publicKey(number)
    let fingerprint = try await SigningKey.openssl(
      ["dgst", "-sha1", "-binary"], input: OpenPGP.fingerprinted(number))
    keyID = Array(fingerprint.suffix(8))
  }

  /// Reads a key's packet. Nil: it is none of ours.
  package init?(packet: [UInt8]) async throws(AgentError) {
    guard let number = OpenPGP.key(in: packet) else { return nil }
    try await self.init(number: number)
  }

  package func accepts(_ signature: [UInt8], of bytes: [UInt8]) async throws(AgentError) -> Bool {
    guard let read = OpenPGP.read(signature), read.keyID == keyID else { return false }
    let digest = OpenPGP.digest(of: bytes)
    let arguments = ["pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "/dev/stdin"]
    return try await TransientFile.with(digest) { digest throws(AgentError) in
      try await TransientFile.with(read.der) { der throws(AgentError) in
        try await Command.run("openssl", arguments + ["-in", digest, "-sigfile", der], input: key).succeeded
      }
    }
  }
}

/// A small file for a program that wants one. What is in it is no secret, and is not worth a wait for the disk.
private enum TransientFile {
  static func with<Value: Sendable>(
    _ bytes: [UInt8], _ use: (String) async throws(AgentError) -> Value
  ) async throws(AgentError) -> Value {
    let place = FileManager.default.temporaryDirectory.appending(path: "cluster-\(UInt64.random(in: 0 ... .max))")
    let path = place.path
    do { try Data(bytes).write(to: place, options: .withoutOverwriting) } catch {
      throw AgentError(
        .invalid, "\(path) cannot be written", cause: "\(error)", next: "Check the free space on this head.")
    }
    let result: Result<Value, AgentError>
    do { result = .success(try await use(path)) } catch { result = .failure(error) }
    try FileSystem.remove(path)
    return try result.get()
  }
}

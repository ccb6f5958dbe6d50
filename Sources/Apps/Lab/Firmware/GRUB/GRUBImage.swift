// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// The key and the configuration that are built into a boot image of GRUB. Only images for UEFI can be read so: those
/// for BIOS are compressed.
struct GRUBImage: Sendable {
  let verifier: SignatureVerifier
  let configuration: String

  /// Reads an image. Nil: there is no key in it, or a configuration that the key's owner has not signed.
  init?(_ bytes: [UInt8]) async throws(AgentError) {
    guard let packet = OpenPGP.publicKey(within: bytes), let verifier = try await SignatureVerifier(packet: packet),
      let configuration = Self.file("grub.cfg", in: bytes), let signature = Self.file("grub.cfg.sig", in: bytes),
      try await verifier.accepts(signature, of: configuration)
    else { return nil }
    self.verifier = verifier
    self.configuration = String(decoding: configuration, as: UTF8.self)
  }

  /// A file of an archive (POSIX ustar) that is somewhere in the bytes. GRUB's own texts hold the name, too.
  private static func file(_ name: String, in bytes: [UInt8]) -> [UInt8]? {
    let block = 512
    var rest = bytes[...]
    while let found = rest.firstRange(of: Array(name.utf8) + [0]) {
      let start = found.lowerBound
      rest = bytes[(start + 1)...]
      guard start + block <= bytes.count, bytes[start + 257..<start + 262].elementsEqual("ustar".utf8) else { continue }
      guard let size = Int(String(decoding: bytes[start + 124..<start + 135], as: UTF8.self), radix: 8),
        start + block + size <= bytes.count
      else { return nil }
      return Array(bytes[start + block..<start + block + size])
    }
    return nil
  }
}

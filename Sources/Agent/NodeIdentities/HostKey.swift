// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import FoundationEssentials

/// A key of SSH that follows from the key of the site: a node's host key, with the node's name, or the key with which
/// heads log in to nodes. Every head makes the same, and keeps none but what it serves or uses.
struct HostKey {
  // See HMAC: the key of the site is used for nothing else with these words before.
  private static let ofNodes = "cluster node host key 1\0"
  private static let ofHeads = "cluster heads login key 1\0"

  private let seed: [UInt8]
  private let publicKey: [UInt8]
  let comment: String

  init(of node: HostID, site: [UInt8]) { self.init(Self.ofNodes + node.name, comment: node.name, site) }

  /// The key with which heads log in to nodes.
  static func ofHeads(site: [UInt8]) -> HostKey { HostKey(ofHeads, comment: "heads-of-the-cluster", site) }

  private init(_ words: String, comment: String, _ site: [UInt8]) {
    seed = HMAC.sha256(key: site, Array(words.utf8))
    publicKey = Ed25519.publicKey(of: seed)
    self.comment = comment
  }

  /// `ssh-ed25519 AAAA…`: the form of known_hosts and of `.pub` files, without a comment.
  var publicText: String { "ssh-ed25519 \(Data(publicPart).base64EncodedString())" }

  /// The form that ssh-keygen(1) writes: PROTOCOL.key of OpenSSH.
  var privateText: String {
    // Two numbers that are the same, so that a wrong passphrase is seen. There is none, so they need not be random.
    let check = Array(HMAC.sha256(key: seed, Array("check".utf8)).prefix(4))
    var secret = check + check
    secret += Self.string(Array("ssh-ed25519".utf8)) + Self.string(publicKey) + Self.string(seed + publicKey)
    secret += Self.string(Array(comment.utf8))
    secret += (0..<(8 - secret.count % 8) % 8).map { UInt8($0 + 1) }
    let none = Self.string(Array("none".utf8))
    let whole =
      Array("openssh-key-v1\0".utf8) + none + none + Self.string([]) + Self.number(1) + Self.string(publicPart)
      + Self.string(secret)
    let text = Array(Data(whole).base64EncodedString().utf8)
    let lines = stride(from: 0, to: text.count, by: 70).map {
      String(decoding: text[$0..<min($0 + 70, text.count)], as: UTF8.self)
    }
    return (["-----BEGIN OPENSSH PRIVATE KEY-----"] + lines + ["-----END OPENSSH PRIVATE KEY-----", ""])
      .joined(separator: "\n")
  }

  private var publicPart: [UInt8] { Self.string(Array("ssh-ed25519".utf8)) + Self.string(publicKey) }

  /// As RFC 4251 writes them.
  private static func string(_ bytes: [UInt8]) -> [UInt8] { number(bytes.count) + bytes }
  private static func number(_ number: Int) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
  }
}

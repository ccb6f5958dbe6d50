// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import FoundationEssentials
import HostAccess

/// Encryption of what only one installer is to read, over a network that everybody reads.
///
/// The head and the installer each make a key pair for this one installation (X25519, RFC 7748). The head's public key
/// is in the boot script, the installer's in its first report. From both follows a secret that nobody knows who has
/// only listened. openssl(1) does the work: passwords come from files, so none is in a list of processes.
struct InstallerSeal {
  /// The first bytes of an X25519 key in DER (RFC 8410, SubjectPublicKeyInfo); 32 bytes follow.
  private static let prefix: [UInt8] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x03, 0x21, 0x00]
  private static let cipher = ["-aes-256-ctr", "-md", "sha256", "-pbkdf2"]

  /// For root alone, and gone with the capture.
  private let folder: String
  /// The head's public key, in base64.
  let publicKey: String

  private var ownKey: String { "\(folder)/own.pem" }

  /// Makes a key pair in a folder that is root's alone.
  init(in folder: String) async throws(AgentError) {
    self.folder = folder
    try FileSystem.makeFolder(folder, mode: 0o700)
    try await Self.openssl(["genpkey", "-algorithm", "X25519", "-out", "\(folder)/own.pem"])
    let der = try await Self.openssl(["pkey", "-in", "\(folder)/own.pem", "-pubout", "-outform", "DER"]).stdout
    publicKey = Data(der).base64EncodedString()
  }

  /// A public key as an installer sends it. Nil: the text is none.
  private static func key(_ text: String) -> [UInt8]? {
    guard let data = Data(base64Encoded: text), data.count == prefix.count + 32,
      Array(data.prefix(prefix.count)) == prefix
    else { return nil }
    return Array(data)
  }

  /// Encrypts a file so that only the installer with this public key can read it.
  func seal(_ file: String, for installer: String, to target: String) async throws(AgentError) {
    guard let peer = Self.key(installer) else {
      throw AgentError(
        .invalid, "The installer's key is none", next: "Check the machine's console; run `cluster apply` again.")
    }
    let (theirs, password) = ("\(folder)/peer.der", "\(folder)/password")
    try FileSystem.write(peer, to: theirs, mode: 0o600)
    let secret = try await Self.openssl([
      "pkeyutl", "-derive", "-inkey", ownKey, "-peerkey", theirs, "-peerform", "DER",
    ]).stdout
    try FileSystem.write(Array("\(SHA256.hex(secret))\n".utf8), to: password, mode: 0o600)
    try await Self.encrypt(file, with: password, to: target)
  }

  /// A password of 256 random bits, as a line of text.
  static func randomKey() -> String {
    var random = SystemRandomNumberGenerator()
    let words = (0..<4).map { _ in String(random.next() as UInt64, radix: 16) }
    return words.map { String(repeating: "0", count: 16 - $0.count) + $0 }.joined() + "\n"
  }

  /// - Parameter password: the file that holds it, as a line of text.
  static func encrypt(_ file: String, with password: String, to target: String) async throws(AgentError) {
    // Whoever fetches it sees all of it or nothing.
    let unfinished = "\(target).new"
    try await openssl(
      ["enc", "-e"] + cipher + ["-pass", "file:\(password)", "-in", file, "-out", unfinished], deadline: .seconds(1800))
    try FileSystem.move(unfinished, to: target)
  }

  @discardableResult
  private static func openssl(
    _ arguments: [String], deadline: Duration = .seconds(60)
  ) async throws(AgentError) -> CommandResult {
    try await Command.checked(
      "openssl", arguments, deadline: deadline, next: "Check openssl, and the free space below /srv and /var/lib.")
  }
}

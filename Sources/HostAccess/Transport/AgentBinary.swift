// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The agent's program on this machine.
actor AgentBinary {
  let path: String
  /// The probes that can be asked of it.
  nonisolated let catalog: WireCatalog
  private var known: String?

  init(path: String, catalog: WireCatalog) {
    self.path = path
    self.catalog = catalog
  }

  /// SHA-256 in 64 hexadecimal digits.
  func digest() async throws(AgentError) -> String {
    if let known { return known }
    let result = try await Command.checked(
      "sha256sum", ["--binary", "--", path], next: "Build the agent first: `make build` puts it at \(path).")
    // A leading backslash tells of an escaped name: sha256sum(1).
    let digest = String(result.text.drop { $0 == "\\" }.prefix(64))
    guard digest.utf8.count == 64, digest.allSatisfy(\.isHexDigit) else {
      throw AgentError(.invalid, "sha256sum gave no digest of \(path)", next: "Check that \(path) is a file.")
    }
    known = digest
    return digest
  }

  func bytes() throws(AgentError) -> [UInt8] { try FileSystem.read(path, limit: 512 << 20) }
}

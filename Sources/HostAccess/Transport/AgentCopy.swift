// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Puts the agent on a host, over the connection that stands: beside its place, checked, then renamed.
struct AgentCopy {
  let program: SSHProgram
  let binary: AgentBinary
  let digest: String

  func copy() async throws(AgentError) {
    let place = program.agent(digest)
    let temporary =
      "\(program.agentFolder)/.agent-\(digest.prefix(16)).\(String(UInt64.random(in: .min ... .max), radix: 36))"
    let bytes = try await binary.bytes()
    try await remote(["mkdir", "-p", program.agentFolder])
    do throws(AgentError) {
      try await remote(
        ["dd", "of=\(temporary)", "bs=64k", "iflag=fullblock", "conv=fsync", "status=none"], input: bytes,
        deadline: .seconds(600))
      let seen = try await remote(["sha256sum", temporary]).text
      guard seen.hasPrefix(digest) else {
        throw AgentError(
          .connectionLost, "The agent arrived damaged on \(program.host)", next: "Run the command again.")
      }
      try await remote(["chmod", "0755", temporary])
      try await remote(["mv", "-f", temporary, place])
    } catch {
      await program.discard(temporary)
      throw error
    }
  }

  @discardableResult
  private func remote(
    _ words: [String], input: [UInt8] = [], deadline: Duration = .seconds(30)
  ) async throws(AgentError) -> CommandResult {
    let result = try await program.remote(words, input: input, deadline: deadline)
    if result.succeeded { return result }
    let said = result.lastLines
    if result.status == 255 {
      throw AgentError(
        .connectionLost, "The connection to \(program.host) ended while the agent was copied", cause: said,
        next: "Check that the host is up and reachable, then run the command again.")
    }
    if let refusal = program.explainSudo(result.status, result.errorText), refusal.code != .notFound { throw refusal }
    let code: AgentError.Code =
      said.contains("No space left")
      ? .diskFull
      : said.contains("Permission denied") || said.contains("Read-only file system") ? .permission : .commandFailed
    let next =
      switch code {
      case .diskFull: "Free some space on the file system of \(program.agentFolder) (`df -h`), then try again."
      case .permission: "Check that \(program.agentFolder) on \(program.host) is writable for root."
      default: "Log in to \(program.host) and see why `\(words.joined(separator: " "))` fails."
      }
    throw AgentError(code, "The agent cannot be copied to \(program.host)", cause: said, next: next)
  }
}

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

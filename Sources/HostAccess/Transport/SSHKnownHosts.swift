// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc

/// The keys that the user's ssh knows hosts by: sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT".
struct SSHKnownHosts: Sendable {
  private let files: [String]
  private let port: String
  /// The address that ssh's configuration says, or the host's name.
  let hostName: String
  private let alias: String?

  /// As ssh's own configuration says for a host.
  init(_ program: SSHProgram) async throws(AgentError) {
    let text = try await Command.checked(
      "ssh", program.settings, next: "Fix ssh's configuration: `ssh -G \(program.target)` must succeed."
    ).text
    var settings: [Substring: [Substring]] = [:]
    for line in text.split(whereSeparator: \.isNewline) {
      let words = line.split(separator: " ")
      if let key = words.first, settings[key] == nil { settings[key] = Array(words.dropFirst()) }
    }
    files = settings["userknownhostsfile", default: []].filter { $0 != "none" }.map(String.init)
    port = settings["port"]?.first.map(String.init) ?? "22"
    hostName = settings["hostname"]?.first.map(String.init) ?? program.target
    alias = settings["hostkeyalias"]?.first.map(String.init)
  }

  /// The name of a host at an address: with its port, unless that is the usual one.
  func name(of address: String) -> String { port == "22" ? address : "[\(address)]:\(port)" }

  /// The name of the host that `program` reaches: its `HostKeyAlias`, where the configuration gives it one.
  func name(of program: SSHProgram) -> String {
    program.keyName ?? alias ?? name(of: program.hostName ?? hostName)
  }

  /// The host that was known at one address is at another now: ssh is to know it there as well.
  ///
  /// Nothing is written when the new address has a key already.
  func learn(_ address: String, from former: String) async throws(AgentError) {
    guard let file = files.first, try await keys(of: address).isEmpty else { return }
    let lines = try await keys(of: former).map { "\(name(of: address)) \($0)\n" }
    if !lines.isEmpty { try append(lines.joined(), to: file) }
  }

  /// The key of a host is known for certain: ssh is to know it, and no other, by all names of the host.
  ///
  /// - Returns: whether it did not know that already.
  func learn(_ key: String, of routes: [SSHProgram]) async throws(AgentError) -> Bool {
    guard let file = files.first else { return false }
    var news = false
    for name in Set(routes.map(name(of:))).sorted() {
      if try await keys(ofName: name) == [key] { continue }
      for file in files where try FileSystem.entry(file) != nil {
        // Nobody is known by it any more, also where ssh says so with a status of its own.
        _ = try await Command.run("ssh-keygen", ["-q", "-R", name, "-f", file])
      }
      try append("\(name) \(key)\n", to: file)
      news = true
    }
    return news
  }

  /// As ssh itself does: the file is the user's, and may be a link to one that is kept elsewhere.
  private func append(_ lines: String, to path: String) throws(AgentError) {
    let file = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw FileSystem.failure("\(path) cannot be written to", at: path) }
    defer { close(file) }
    var last = UInt8(ascii: "\n")
    let end = lseek(file, 0, SEEK_END)
    if end > 0 { pread(file, &last, 1, end - 1) }
    let start = last == UInt8(ascii: "\n") ? "" : "\n"
    try FileSystem.write(Array((start + lines).utf8), file, path)
  }

  /// Types and keys, without the names that stand before them. Those of authorities and revoked ones are no host's own.
  private func keys(of address: String) async throws(AgentError) -> [String] {
    try await keys(ofName: name(of: address))
  }

  private func keys(ofName name: String) async throws(AgentError) -> [String] {
    var found: [String] = []
    for file in files where try FileSystem.entry(file) != nil {
      // ssh-keygen(1) finds hashed names too; its status is 1 when there is none.
      let result = try await Command.run("ssh-keygen", ["-F", name, "-f", file])
      for line in result.text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") && !line.hasPrefix("@") {
        let words = line.split(separator: " ", maxSplits: 1)
        if words.count == 2, !found.contains(String(words[1])) { found.append(String(words[1])) }
      }
    }
    return found
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc

/// Secrets as files of one folder, which is its owner's alone: `bmc/head1` is the file `bmc/head1` in it.
///
/// A line that a person writes with an editor ends in a line break, which is not part of the secret. All else is as it
/// is: of a key in several lines, or of one that is no text, every byte counts.
package struct DirectorySecretStore: SecretStore {
  package let directory: String

  package init(directory: String) { self.directory = directory }

  package func value(_ ref: SecretRef) throws(AgentError) -> [UInt8]? {
    let path = try place(of: ref)
    guard try FileSystem.entry(directory) != nil else { return nil }
    try checkFolders(of: ref)
    guard let entry = try FileSystem.entry(path) else { return nil }
    guard entry.kind == .file else {
      throw AgentError(.invalid, "\(path) is not a file", next: "Put the file itself there; links are not followed.")
    }
    try checkPrivate(path, entry, allowed: 0o600)
    let bytes = try FileSystem.read(path, limit: 64 << 10)
    let value = ref.isGenerated ? bytes : Self.withoutLineBreak(bytes)
    guard !value.isEmpty else {
      throw AgentError(.invalid, "\(ref) is empty", next: "Write the secret into \(path).")
    }
    return value
  }

  package func valueMakingIfGenerated(_ ref: SecretRef) throws(AgentError) -> [UInt8]? {
    if let value = try value(ref) { return value }
    guard let count = ref.generatedBytes else { return nil }
    let path = try place(of: ref)
    var folder = directory
    try FileSystem.makeFolder(folder, mode: 0o700)
    for part in ref.name.split(separator: "/").dropLast() {
      folder += "/\(part)"
      try FileSystem.makeFolder(folder, mode: 0o700)
    }
    // Two runs may need it at once: one makes it, both use that one.
    let bytes = try Self.random(count)
    return try FileSystem.create(bytes, at: path, mode: 0o600) ? bytes : try value(ref)
  }

  private func place(of ref: SecretRef) throws(AgentError) -> String {
    let parts = ref.name.split(separator: "/", omittingEmptySubsequences: false)
    // A leading dot would also reach a file that is being written.
    let fit = parts.allSatisfy { part in
      !part.isEmpty && part.first != "." && part.utf8.count <= 200 && part.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f }
    }
    guard fit, ref.name.utf8.count <= 1000 else {
      throw AgentError(
        .invalid, "`\(ref.name)` is not the name of a secret",
        next: "Give it a name such as `bmc/head1`, without a leading dot.")
    }
    return "\(directory)/\(ref.name)"
  }

  /// The folder and those in it on the way to the secret.
  private func checkFolders(of ref: SecretRef) throws(AgentError) {
    var path = directory
    for part in [""] + ref.name.split(separator: "/").dropLast().map(String.init) {
      if !part.isEmpty { path += "/" + part }
      guard let entry = try FileSystem.entry(path) else { return }
      guard entry.kind == .folder else {
        throw AgentError(.invalid, "\(path) is not a folder", next: "Make it a folder; links are not followed.")
      }
      try checkPrivate(path, entry, allowed: 0o700)
    }
  }

  private func checkPrivate(_ path: String, _ entry: FileSystem.Entry, allowed: UInt16) throws(AgentError) {
    guard entry.uid == geteuid() else {
      throw AgentError(
        .permission, "\(path) belongs to \(FileSystem.userName(entry.uid))",
        next: "Change its owner to the user that runs cluster: `chown \(FileSystem.userName(geteuid())) \(path)`.")
    }
    guard entry.mode & ~allowed == 0 else {
      throw AgentError(
        .permission, "\(path) can be read by others (mode \(String(entry.mode, radix: 8)))",
        next: "Run `chmod \(String(allowed, radix: 8)) \(path)`, and consider whether the secret was exposed.")
    }
  }

  private static func withoutLineBreak(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.firstIndex(of: UInt8(ascii: "\n")) == bytes.count - 1, String(validating: bytes, as: UTF8.self) != nil
    else { return bytes }
    var value = bytes[...]
    if value.last == UInt8(ascii: "\n") { value.removeLast() }
    if value.last == UInt8(ascii: "\r") { value.removeLast() }
    return Array(value)
  }

  /// From the kernel, as getrandom(2) gives them: getentropy(3).
  private static func random(_ count: Int) throws(AgentError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let failed = bytes.withUnsafeMutableBytes { buffer in buffer.baseAddress.map { getentropy($0, buffer.count) } ?? 0 }
    guard failed == 0 else { throw FileSystem.failure("The kernel gave no random bytes") }
    return bytes
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

/// The contents of paths before changes that nobody has confirmed yet, one folder for each: `FOLDER/DIGEST/`.
///
/// A file that a daemon reads later cuts nothing when it is written, so it is not confirmed then; what it replaced is
/// kept until the change that brings it into force is.
struct BeforeImages: Sendable {
  struct Image: Hashable, Codable, Sendable {
    var path: String
    var existed: Bool
    /// We take the path away. That may come into force only with the next boot, so a boot does not bring it back.
    var isRemoval: Bool
  }

  let folder: String

  init(folder: String) { self.folder = folder }

  private func place(_ path: String) -> String { "\(folder)/\(SHA256.hex(path).prefix(32))" }

  /// Keeps what is at a path now, unless what was there before an earlier unconfirmed change is kept already.
  func keep(_ path: String, isRemoval: Bool) async throws(AgentError) {
    let place = place(path)
    guard try FileSystem.entry("\(place)/image.json") == nil else { return }
    try FileSystem.removeAll(place)
    try FileSystem.makeFolder(place, mode: 0o700)
    let exists = try FileSystem.entry(path) != nil
    if exists { try await FileSystem.copy(path, to: "\(place)/image") }
    // Without this mark there is no image: it comes last, and goes first.
    try DurableJSON.write(Image(path: path, existed: exists, isRemoval: isRemoval), to: "\(place)/image.json")
    try FileSystem.syncFolder(folder)
  }

  /// In the order of their paths.
  func all() throws(AgentError) -> [Image] {
    guard try FileSystem.entry(folder) != nil else { return [] }
    var images: [Image] = []
    for name in try FileSystem.names(in: folder) {
      guard let image = try DurableJSON.read(Image.self, from: "\(folder)/\(name)/image.json") else { continue }
      images.append(image)
    }
    return images.sorted { $0.path < $1.path }
  }

  /// Puts back what was there. May be repeated.
  func restore(_ image: Image) async throws(AgentError) {
    let source = "\(place(image.path))/image"
    guard image.existed, try FileSystem.entry(source) != nil else {
      try FileSystem.removeAll(image.path)
      return
    }
    try await FileSystem.putBack(source, at: image.path)
  }

  func drop(_ image: Image) throws(AgentError) {
    try FileSystem.remove("\(place(image.path))/image.json")
    try FileSystem.removeAll(place(image.path))
  }
}

/// The rules that the kernel has now: nft(8).
enum KernelRules {
  /// The rules of nftables. Nil where there is no nft, and so no rules of its making.
  static func all() async throws(AgentError) -> String? {
    do throws(AgentError) {
      // Without counters, which go on counting.
      return try await Command.checked("nft", ["--stateless", "list", "ruleset"], next: "Check `nft list ruleset`.")
        .text
    } catch {
      if error.code == .notFound { return nil }
      throw error
    }
  }

  /// Whether our table is as it was right after it was loaded, in nft(8)'s words then and now. A rule that somebody has
  /// added or taken away makes a difference; what packets do makes none.
  static func areAsLoaded() async throws(AgentError) -> Bool {
    let result = try await Command.run(
      "nft", ["--stateless", "list", "table"] + Firewall.table.split(separator: " ").map(String.init))
    if result.succeeded { return try FileSystem.contents(Firewall.loaded) == result.stdout }
    // The table is gone: somebody has flushed all rules.
    if result.errorText.contains("No such file or directory") { return false }
    throw AgentError(
      .commandFailed, "The rules of table \(Firewall.table) cannot be told", cause: result.lastLines,
      next: "Check `nft list ruleset` on the host.")
  }

  /// All or nothing, in one transaction. Where nothing differs nothing is touched: sets that fill themselves and
  /// counters go on.
  static func restore(_ rules: String) async throws(AgentError) {
    if try await all() == rules { return }
    try await Command.checked(
      "nft", ["--file", "-"], input: Array(("flush ruleset\n" + rules).utf8), next: "Check `nft list ruleset`.")
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import FoundationEssentials
import HostAccess
import Wings

/// Captures of this head, and the records of what was installed from them.
///
/// The boot network is everybody's, so what nginx serves of a capture is encrypted. Its key and its checksum are in a
/// folder that only root reads, and go to one installer: see `InstallerSeal`.
enum CaptureStore {
  struct Facts: Codable, Sendable {
    /// SHA-256 of the capture before it was encrypted.
    var sha256: String
    /// Size of the encrypted capture.
    var bytes: Int
  }

  /// Served to the machine that is installed.
  static let root = WellKnown.captures
  /// For root alone: the keys of captures.
  static let privateRoot = "/var/lib/cluster/captures"
  private static let records = "/var/lib/cluster/clones"

  static func folder(_ head: HostID) -> String { "\(root)/\(head)" }
  static func privateFolder(_ head: HostID) -> String { "\(privateRoot)/\(head)" }
  static func encrypted(_ head: HostID) -> String { "\(folder(head))/root.encrypted" }
  /// For the installer alone: see `CloneParcel`.
  static func sealed(_ head: HostID) -> String { "\(folder(head))/sealed" }
  static func key(_ head: HostID) -> String { "\(privateFolder(head))/key" }
  /// Paths that a capture left out, one a line, each with the reason.
  static func leftOut(_ head: HostID) -> String { "\(records)/\(head).left-out" }

  static func facts(_ head: HostID) throws(AgentError) -> Facts? {
    try DurableJSON.read(Facts.self, from: "\(privateFolder(head))/capture.json")
  }

  static func write(_ facts: Facts, of head: HostID) throws(AgentError) {
    try DurableJSON.write(facts, to: "\(privateFolder(head))/capture.json")
  }

  static func record(_ head: HostID) throws(AgentError) -> CloneRecord? {
    let path = path(head)
    guard let bytes = try LocalFiles.read(path) else { return nil }
    do {
      return try JSONDecoder().decode(CloneRecord.self, from: Data(bytes))
    } catch {
      // Not absent: an absent record lets a machine be installed anew.
      throw AgentError(
        .invalid, "\(path) is damaged", cause: "\(error)",
        next: "Remove it if \(head) is to be reinstalled; otherwise restore it.")
    }
  }

  static func write(_ record: CloneRecord) throws(AgentError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let json: [UInt8]
    do { json = Array(try encoder.encode(record)) + [UInt8(ascii: "\n")] } catch {
      throw AgentError(.invalid, "A record cannot be written", cause: "\(error)", next: "Report this as a bug.")
    }
    try FileSystem.makeFolder(records)
    try FileSystem.write(json, to: path(record.head))
  }

  /// Removes all of a capture, the key first: without it the rest tells nobody anything. Says whether there was any.
  @discardableResult
  static func removeCapture(_ head: HostID) async throws(AgentError) -> Bool {
    var was = false
    for folder in [privateFolder(head), folder(head)] {
      try AbsolutePath.check(folder)
      guard try LocalFiles.exists(folder) else { continue }
      try await ImageStore.remove(folder)
      was = true
    }
    return was
  }

  /// Removes all captures: those of a run that was killed, and those that earlier versions left open to everybody.
  static func removeCaptures() async throws(AgentError) {
    for folder in [privateRoot, root] where try LocalFiles.exists(folder) {
      for name in try LocalFiles.names(in: folder) { try await ImageStore.remove("\(folder)/\(name)") }
    }
  }

  /// Removes the capture and, when that is done, the record. Says whether there was any of it.
  static func forget(_ head: HostID) async throws(AgentError) -> Bool {
    let isCaptured = try await removeCapture(head)
    let isRecorded = try FileSystem.remove(path(head))
    if isRecorded { try FileSystem.syncFolder(records) }
    try FileSystem.remove(leftOut(head))
    return isCaptured || isRecorded
  }

  private static func path(_ head: HostID) -> String { "\(records)/\(head).json" }
}

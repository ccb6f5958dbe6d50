// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import FoundationEssentials
import HostAccess
import Wings

/// Captures of this head, and the records of what was installed from them.
enum CaptureStore {
  struct Facts: Codable, Sendable {
    /// SHA-256 of `root.squashfs`.
    var sha256: String
    var bytes: Int
  }

  static let root = "/srv/cluster/captures"
  private static let records = "/var/lib/cluster/clones"

  static func folder(_ head: HostID) -> String { "\(root)/\(head)" }

  static func facts(_ head: HostID) throws(AgentError) -> Facts? {
    guard let bytes = try LocalFiles.read("\(folder(head))/capture.json") else { return nil }
    return try? JSONDecoder().decode(Facts.self, from: Data(bytes))
  }

  static func write(_ facts: Facts, of head: HostID) throws(AgentError) {
    try LocalFiles.write(try json(facts), to: "\(folder(head))/capture.json")
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
    try LocalFiles.write(try json(record), to: path(record.head))
  }

  /// Removes the capture and, when that is done, the record. Says whether there was any of it.
  static func forget(_ head: HostID) async throws(AgentError) -> Bool {
    let (folder, path) = (folder(head), path(head))
    try AbsolutePath.check(folder)
    let (isCaptured, isRecorded) = (try LocalFiles.exists(folder), try LocalFiles.exists(path))
    if isCaptured { try await ImageStore.remove(folder) }
    if isRecorded { try LocalFiles.remove(path) }
    return isCaptured || isRecorded
  }

  private static func path(_ head: HostID) -> String { "\(records)/\(head).json" }

  private static func json(_ value: some Encodable) throws(AgentError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      return Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
    } catch {
      throw AgentError(.invalid, "A record cannot be written", cause: "\(error)", next: "Report this as a bug.")
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import FoundationEssentials
import Wings

/// When this head last proved that it can switch another one off: `/var/lib/cluster/fencing/HEAD.json`.
enum FencingRecords {
  private static let folder = "/var/lib/cluster/fencing"

  private static func path(_ head: HostID) -> String { "\(folder)/\(head).json" }

  /// Nil when nothing is recorded. A record that cannot be read is an error, and proving again mends it.
  static func read(_ head: HostID) throws(AgentError) -> FencingRecord? {
    guard FileManager.default.fileExists(atPath: path(head)) else { return nil }
    do {
      return try JSONDecoder().decode(FencingRecord.self, from: Data(contentsOf: URL(filePath: path(head))))
    } catch {
      throw AgentError(
        .invalid, "\(path(head)) cannot be read", cause: "\(error)", next: "Remove \(path(head)), then apply again.")
    }
  }

  static func write(_ record: FencingRecord) throws(AgentError) {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys]
      try encoder.encode(record).write(to: URL(filePath: path(record.head)), options: .atomic)
    } catch {
      throw AgentError(
        .diskFull, "\(path(record.head)) cannot be written", cause: "\(error)", next: "Check `df \(folder)`.")
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import FoundationEssentials
import HostAccess
import Wings

/// A value in a file of its own, replaced as a whole, so that it survives a power cut as the old or the new one.
enum DurableJSON {
  /// Nil when there is no such file.
  static func read<Value: Decodable>(_ type: Value.Type, from path: String) throws(AgentError) -> Value? {
    guard try FileSystem.entry(path) != nil else { return nil }
    let bytes = try FileSystem.read(path)
    let decoder = JSONDecoder()
    decoder.userInfo = OperationCatalog.all.userInfo
    do { return try decoder.decode(type, from: Data(bytes)) } catch {
      throw AgentError(
        .invalid, "\(path) cannot be understood", cause: "\(error)",
        next: "Check that no run is at work, and remove \(path) on the host.")
    }
  }

  static func write(_ value: some Encodable, to path: String) throws(AgentError) {
    let bytes: Data
    do { bytes = try JSONEncoder().encode(value) } catch {
      throw AgentError(.invalid, "\(path) cannot be encoded", cause: "\(error)", next: "Report this as a bug.")
    }
    try FileSystem.makeFolder(FileSystem.parent(path), mode: 0o700)
    try FileSystem.write(Array(bytes), to: path, mode: 0o600)
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import FoundationEssentials
import HostAccess
import Wings

/// A change under the dead-man switch, as it is kept on the disk while it waits.
struct GuardedChange: Codable, Sendable {
  enum Phase: String, Codable, Sendable { case changing, waiting, undoing }

  struct Unit: Hashable, Codable, Sendable {
    var name: String
    var enabled: Bool
    var running: Bool
  }

  var id: PendingChange.ID
  var run: String
  var operation: AnyOperation
  var phase = Phase.changing
  /// Seconds of `CLOCK_BOOTTIME`, in this boot.
  var endsAt: Double
  var boot: String
  /// The outcome of the change, once that is known.
  var outcome: Outcome?
  /// The units as they were before.
  var units: [Unit]
  var links: LinkSnapshot
  /// nft(8)'s own text, where there is nft.
  var firewall: String?

  var what: String { "\(operation.name) \(operation.target)" }

  func pending(now: Double) -> PendingChange {
    PendingChange(id: id, run: run, what: what, secondsLeft: max(0, Int((endsAt - now).rounded(.up))))
  }

  /// The addresses that it adds.
  var added: [LinkSnapshot.Address] {
    (operation.lockout.touched?.addresses ?? []).map {
      LinkSnapshot.Address(interface: $0.interface, address: "\($0.address)/\($0.prefix)")
    }
  }
}

/// How a change under the dead-man switch ended; kept so that who lost the connection can still ask.
struct EndedChange: Codable, Sendable {
  enum End: String, Codable, Sendable { case confirmed, undone }

  var end: End
  var run: String
  var what: String
  var outcome: Outcome?
  /// The things that could not be put back.
  var problems: [String] = []
}

/// A value in a file of its own, replaced as a whole, so that it survives a power cut as the old or the new one.
enum DurableJSON {
  /// The contents of a file. Nil when there is none.
  static func read<Value: Decodable>(_ type: Value.Type, from path: String) throws(AgentError) -> Value? {
    // Changes end while somebody asks for them, without a lock.
    guard let bytes = try FileSystem.contents(path) else { return nil }
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

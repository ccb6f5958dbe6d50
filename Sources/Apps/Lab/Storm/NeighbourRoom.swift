// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// Room in the kernel's table of neighbours for the machines of a storm, while it lasts.
///
/// The table is one for all network namespaces, and its bounds are the machine's: 1,024 entries by default, arp(7).
/// Heads raise them for themselves, which those of a lab cannot. Where it is full, packets are dropped without a word,
/// those of other labs too.
package struct NeighbourRoom {
  private static let folder = "/proc/sys/net/ipv4/neigh/default"
  private let before: [(path: String, value: Int)]

  /// - Parameter machines: each is a neighbour of the server, and so is the server of each.
  package static func held<Value>(for machines: Int, _ body: () async throws -> Value) async throws -> Value {
    let room = try Self(for: machines)
    let value: Value
    do { value = try await body() } catch {
      try room.giveBack()
      throw error
    }
    try room.giveBack()
    return value
  }

  private init(for machines: Int) throws(AgentError) {
    var before: [(path: String, value: Int)] = []
    for (name, least) in [("gc_thresh3", 4), ("gc_thresh2", 3), ("gc_thresh1", 2)] {
      let path = "\(Self.folder)/\(name)"
      let text = try FileSystem.text(path).filter { !$0.isWhitespace }
      guard let value = Int(text), value < least * machines else { continue }
      try FileSystem.writeSetting("\(least * machines)\n", path)
      before.append((path, value))
    }
    self.before = before
  }

  /// Puts back what was there.
  private func giveBack() throws(AgentError) {
    for (path, value) in before.reversed() { try FileSystem.writeSetting("\(value)\n", path) }
  }
}

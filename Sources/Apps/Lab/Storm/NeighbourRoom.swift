// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc
import HostAccess

/// Room in the kernel's table of neighbours for the machines of a storm, while it lasts.
///
/// The table is one for all network namespaces, and its bounds are the machine's: 1,024 entries by default, arp(7).
/// Heads raise them for themselves, which those of a lab cannot. Where it is full, packets are dropped without a word,
/// those of other labs too.
package struct NeighbourRoom: Sendable {
  private static let folder = "/proc/sys/net/ipv4/neigh/default"
  private let before: [(path: String, value: Int)]

  /// - Parameter machines: each is a neighbour of the server, and so is the server of each.
  package init(for machines: Int) throws(AgentError) {
    var before: [(path: String, value: Int)] = []
    for (name, least) in [("gc_thresh3", 4), ("gc_thresh2", 3), ("gc_thresh1", 2)] {
      let path = "\(Self.folder)/\(name)"
      let text = try FileSystem.text(path).filter { !$0.isWhitespace }
      guard let value = Int(text), value < least * machines else { continue }
      try Self.write(least * machines, path)
      before.append((path, value))
    }
    self.before = before
  }

  /// Puts back what was there.
  package func giveBack() throws(AgentError) {
    for (path, value) in before.reversed() { try Self.write(value, path) }
  }

  private static func write(_ value: Int, _ path: String) throws(AgentError) {
    let file = open(path, O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { throw FileSystem.failure("\(path) cannot be opened", at: path) }
    defer { _ = close(file) }
    try FileSystem.write(Array("\(value)\n".utf8), file, path)
  }
}

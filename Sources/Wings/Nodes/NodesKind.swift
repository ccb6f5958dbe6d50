// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// Every node, ready on its image. One resource however many nodes there are.
///
/// - A node is ready when it said so lately, from its own address, on the right image, which it has verified.
/// - Where package sets have checks that nodes run by themselves, they have to have passed. A node that is up, and
///   whose checks do not pass, is waited for; it keeps its place among those that may be away.
/// - A node that still has another address is waited for: it takes its own when it renews its lease.
/// - A node that is silent, or on its way, is switched on and waited for. It is not power-cycled: it may be running
///   somebody's job behind a broken link.
/// - A node that failed to boot, or that is stuck halfway, is power-cycled: it runs nothing.
/// - Unless it was ready within the last minutes. Root of a node can say that it failed; so it counts as at work, and
///   is restarted like one on another image.
/// - A node on another image is restarted, at most a quarter of all nodes at a time.
/// - So is one that reports to another address of the heads than the description has. It was told that address when it
///   booted, and nobody may hear it there any more; so how long it has been silent does not count.
package enum NodesKind: ResourceKind {
  package static let name = "nodes"
  package static let removalRank = 5
  package static let id = ResourceID(name, "all")

  package struct Desired: DesiredState {
    package var heads: [HostID]
    /// Where nodes boot from and report to. Nil only in records of earlier versions.
    package var server: IPv4Address?
    package var nodes: [Row]
    /// How many of them may be on their way up at once.
    package var boots: Int
    /// The first thing to do about each of their own checks, by SET/NAME. Nil: there are none.
    package var advice: [String: String]?

    package init(heads: [HostID], server: IPv4Address? = nil, nodes: [Row], boots: Int = PowerPolicy().boots) {
      self.heads = heads
      self.server = server
      self.boots = boots
      self.nodes = nodes
    }
  }

  package struct Row: Hashable, Codable, Sendable {
    package var name: HostID
    package var mac: MACAddress
    package var address: IPv4Address
    package var bmc: BMC?
    package var boot: ComputeNode.Boot
    /// `name/digest`.
    package var image: String
    /// The tag of its kernel's own arguments. Nil: it has none.
    package var arguments: String?
    /// The tag of the checks that it runs by itself. Nil: it has none.
    package var checks: String?
    /// Where it boots from and reports to, if it is not where most do.
    package var server: IPv4Address?

    package init(
      name: HostID, mac: MACAddress, address: IPv4Address, bmc: BMC?, boot: ComputeNode.Boot = .stateless,
      image: String, server: IPv4Address? = nil
    ) {
      self.server = server
      self.boot = boot
      self.name = name
      self.mac = mac
      self.address = address
      self.bmc = bmc
      self.image = image
    }
  }

  package struct Actual: Hashable, Sendable {
    /// The newest report of each node that has one.
    package var reports: [MACAddress: NodeReport]
  }
}

extension NodesKind {
  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    desired.heads.map { Question($0, NodeReportsProbe()) }
  }

  /// Reports go to whichever head holds the address, so the newest of all heads counts.
  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    var reports: [MACAddress: NodeReport] = [:]
    var unknown: Unreadable?
    var heard = false
    for head in desired.heads {
      do throws(Unreadable) {
        guard let found = try answers.answer(head, NodeReportsProbe()) else { continue }
        heard = true
        for report in found { reports[report.mac] = reports[report.mac]?.joined(with: report) ?? report }
      } catch {
        unknown = unknown ?? error
      }
    }
    if !heard, let unknown { throw unknown }
    return Actual(reports: reports)
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker
import XML

/// Three heads and more: most of them are the majority, and after some losses the rest would be none.
///
/// So on every head a resource looks who is there. Heads that are known to be off are counted no more: Corosync expects
/// the votes of those that are left. Where two are left it has Corosync treat them as the two heads of a pair:
/// `two_node`, as long as it runs. A pair that loses sight of each other goes by fencing; a head that is back and alone
/// waits for all.
extension PacemakerElements {
  var lastHeads: [CIBElement] {
    guard cluster.heads.count > 2, policy.fencing, policy.witness == nil else { return [] }
    let id = LastHeads.resource
    let every = Duration.seconds(3)
    let primitive = XMLElement.primitive(
      id, ["class": "ocf", "provider": "cluster", "type": id],
      [("heads", cluster.heads.map(\.name.name).joined(separator: " "))], meta: [("migration-threshold", "INFINITY")],
      operations: [
        ("monitor", every, MonitorTiming.stay(every: every) + .seconds(30)), ("start", .zero, .seconds(20)),
        ("stop", .zero, .seconds(20)),
      ])
    let clone = XMLElement("clone", [.init("id", "\(id)-clone")], children: [.element(primitive)])
    return [CIBElement(section: .resources, id: "\(id)-clone", xml: clone.canonical)]
  }
}

/// Which heads are left of three or more.
package enum LastHeads {
  /// The id of the resource, and the name of its agent.
  package static let resource = "last-heads"

  /// Whether each of those that are there may go on alone. Nil: it stays as it is.
  ///
  /// - Parameter heads: all that are described.
  package static func isPair(of heads: [String], in status: ClusterStatus) -> Bool? {
    // The last one has nobody to agree with, and must not lose what it goes on by.
    let (present, away) = split(heads, in: status)
    guard present.count > 1 else { return nil }
    guard present.count == 2 else { return false }
    return areKnown(away, in: status) ? true : nil
  }

  /// How many votes Corosync is to expect of two or more that are there. Nil: it stays as it is.
  ///
  /// - Parameter heads: all that are described.
  package static func votes(of heads: [String], in status: ClusterStatus) -> Int? {
    let (present, away) = split(heads, in: status)
    return present.count > 1 && areKnown(away, in: status) ? present.count : nil
  }

  private static func split(_ heads: [String], in status: ClusterStatus) -> (present: [String], away: [String]) {
    let present = heads.filter { status.node($0).map { $0.online && !$0.pending } ?? false }
    return (present, heads.filter { !present.contains($0) })
  }

  /// Whether the rest knows that these were fenced, or have left in good order.
  private static func areKnown(_ away: [String], in status: ClusterStatus) -> Bool {
    status.quorate
      && away.allSatisfy { name in status.node(name).map { !$0.online && !$0.unclean && !$0.pending } ?? true }
  }
}

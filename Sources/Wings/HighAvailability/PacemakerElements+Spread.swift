// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker

/// Groups of services on heads of their own: `ha: spread:`.
///
/// All scores are below that of staying where it is, so they decide only where a group is started: on its own head,
/// else on one that is nobody's, else where the fewest others are. Only `failback` has a score that moves what runs.
extension PacemakerElements {
  private static let spare = "20"
  private static let apart = "-10"

  var spreadPlacement: [CIBElement] {
    let spread = groups.filter { $0.name != nil }
    guard !spread.isEmpty else { return [] }
    return spread.flatMap { within($0) + preference(of: $0) + whereLinked($0) } + spares + separation
  }

  /// The services of a group are where its address is, or else its first one.
  private func within(_ group: ServiceGroup) -> [CIBElement] {
    group.units.filter { $0.id != group.anchor }.flatMap { service -> [CIBElement] in
      let order = constraint(
        "rsc_order", "\(service.id)-after-\(group.anchor)",
        ["first": group.anchor, "then": service.id, "kind": "Mandatory"])
      return [together(service.id, with: group.anchor)] + (group.address == nil ? [] : [order])
    } + group.units.flatMap(needs)
  }

  /// Heads that no group is at home on take over before those that have something to do.
  private var spares: [CIBElement] {
    let homes = Set(groups.compactMap(\.home))
    return cluster.heads.map(\.name).filter { !homes.contains($0) }.flatMap { head in
      groups.map { group in
        constraint(
          "rsc_location", "spread.\(group.anchor).spare.\(head)",
          ["rsc": group.anchor, "node": head.name, "score": Self.spare])
      }
    }
  }

  /// A head where fewer groups run takes over before one with more.
  private var separation: [CIBElement] {
    groups.enumerated().flatMap { number, group in
      groups.prefix(number).map { other in
        constraint(
          "rsc_colocation", "spread.\(group.anchor).apart.\(other.anchor)",
          ["rsc": group.anchor, "with-rsc": other.anchor, "score": Self.apart])
      }
    }
  }
}

/// How the constraints that place groups are told from others. No name in a description has a full stop in it.
package enum SpreadConstraint {
  private static let prefix = "spread."
  private static let suffix = ".home"

  /// The id of the one that gives a group a head of its own.
  static func home(of name: String) -> String { prefix + name + suffix }

  /// Whether it gives a group a head of its own.
  package static func isHome(_ id: String) -> Bool { id.hasPrefix(prefix) && id.hasSuffix(suffix) }
}

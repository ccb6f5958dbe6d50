// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker
import Wings
import XML

/// Groups of services that have a head of their own: they start there, and stay where they are after that, as with
/// `failback: manual`.
extension FakeWorld {
  struct Group {
    var home: HostID
    /// Ids of primitives, with the one first that the others are kept beside.
    var members: [String]
  }

  var groups: [Group] {
    let constraints = cib?.root.at("configuration", "constraints")?.elements ?? []
    return constraints.compactMap { home in
      guard let id = home.id, SpreadConstraint.isHome(id), let anchor = home["rsc"], let node = home["node"] else {
        return nil
      }
      let beside = constraints.filter { $0["with-rsc"] == anchor && $0["score"] == "INFINITY" }
      return Group(home: HostID(node), members: [anchor] + beside.compactMap { $0["rsc"] })
    }
  }

  /// The head of each primitive that is in a group, of those that run services.
  func headsOfGroups(among heads: [HostID]) -> [String: HostID] {
    groups.reduce(into: [:]) { places, group in
      let place =
        heads.first { host in group.members.contains { runs($0, on: host) } }
        ?? heads.first { $0 == group.home } ?? heads.last
      for member in group.members { places[member] = place }
    }
  }

  private func runs(_ id: String, on host: HostID) -> Bool {
    guard let primitive = primitives.first(where: { $0.id == id }), let machine = machines[host] else { return false }
    if let address = primitive.serviceAddress { return machine.holds(address) }
    return primitive.parameter("unit").map { machine.units[$0]?.active == "active" } ?? false
  }
}

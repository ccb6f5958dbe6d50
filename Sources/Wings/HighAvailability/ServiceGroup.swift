// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Services that Pacemaker keeps on one head: those at the service addresses, or a group of `ha: spread:`.
struct ServiceGroup {
  /// Its name in `spread`. Nil: those at the service addresses.
  var name: String?
  /// The primitive that all others of it are kept beside.
  var anchor: String
  /// The head that it runs on at first.
  var home: HostID?
  /// The service address that checks of its services are asked at. Nil: it has none.
  var address: HighAvailabilityPolicy.Address?
  var units: [ClusteredUnit]

  /// All groups of a policy that have something to run.
  static func all(of policy: HighAvailabilityPolicy, in cluster: Cluster) -> [ServiceGroup] {
    let units = ClusteredUnit.all(of: policy, in: cluster)
    var groups: [ServiceGroup] = []
    if let anchor = policy.anchor(cluster) {
      groups.append(
        ServiceGroup(
          name: nil, anchor: ClusteredUnit.id(ofAddressOn: anchor.network), home: cluster.primary?.name,
          address: anchor, units: units.filter { $0.spread == nil }))
    }
    return groups
      + policy.spread.compactMap { spread in
        let own = units.filter { $0.spread == spread.name }
        let address = spread.address.map { _ in ClusteredUnit.id(ofAddressOf: spread.name) }
        guard let anchor = address ?? own.first?.id else { return nil }
        return ServiceGroup(name: spread.name, anchor: anchor, home: spread.head, address: spread.address, units: own)
      }
  }

  /// All that moves with it.
  func parts(of policy: HighAvailabilityPolicy) -> [SwitchoverGoal.Part] {
    let services = units.map { SwitchoverGoal.Part(id: $0.id, names: $0.services) }
    guard name == nil else {
      guard let address else { return services }
      return [SwitchoverGoal.Part(id: anchor, names: ["\(address.address)"])] + services
    }
    let folder = policy.state.flatMap { $0.replica == nil ? nil : $0.path }
    let addresses = policy.addresses.map { address in
      SwitchoverGoal.Part(id: ClusteredUnit.id(ofAddressOn: address.network), names: ["\(address.address)"])
    }
    let ipv6 = policy.ipv6.map { address in
      SwitchoverGoal.Part(id: ClusteredUnit.id(ofIPv6On: address.network), names: ["\(address.address)"])
    }
    let folders = folder.map { [SwitchoverGoal.Part(id: PacemakerElements.folder, names: [$0])] } ?? []
    return addresses + ipv6 + folders + services
  }
}

extension HighAvailabilityPolicy {
  /// The id in the CIB of a service address.
  func primitive(of address: Address) -> String {
    spread.first { $0.address == address }.map { ClusteredUnit.id(ofAddressOf: $0.name) }
      ?? ClusteredUnit.id(ofAddressOn: address.network)
  }

  /// All service addresses of both families, by their primitives.
  var addressPrimitives: [(id: String, network: String, address: IPAddress)] {
    allAddresses.map { (primitive(of: $0), $0.network, .v4($0.address)) }
      + ipv6.map { (ClusteredUnit.id(ofIPv6On: $0.network), $0.network, .v6($0.address)) }
  }

  /// The networks with a service address, each once.
  var servedNetworks: [String] {
    servicePlaces.map(\.network).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
  }
}

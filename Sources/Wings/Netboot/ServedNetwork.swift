// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// A network that the heads serve, and where its machines find them.
struct ServedNetwork {
  let network: Network
  /// The network on which the heads have their cards for it: itself, unless a relay brings its requests.
  let entry: Network
  /// The address that its machines use. Nil: the heads have none that stays, and each gives out its own.
  let server: IPv4Address?
  let router: IPv4Address?

  func serves(_ service: Network.Service) -> Bool { network.serves.contains(service) }

  /// All of a cluster, in the order of the description. None where nothing boots.
  static func all(in cluster: Cluster) -> [ServedNetwork] {
    guard !cluster.bootNetworks.isEmpty else { return [] }
    return cluster.networks.compactMap { network in
      guard !network.serves.isEmpty, let entry = cluster.entry(of: network) else { return nil }
      return ServedNetwork(
        network: network, entry: entry, server: cluster.server(of: network), router: cluster.router(of: network))
    }
  }
}

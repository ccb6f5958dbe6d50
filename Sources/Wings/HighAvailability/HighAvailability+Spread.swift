// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// Which services may be apart from the service addresses: `ha: spread:`.
extension HighAvailability {
  static func spread(_ cluster: Cluster) -> [Diagnostic] {
    guard let policy = cluster.ha else { return [] }
    let services = Dictionary(WingCatalog.services(of: cluster).map { ($0.name, $0) }) { first, _ in first }
    var taken: [String: HighAvailabilityPolicy.Spread] = [:]
    return policy.spread.flatMap { group -> [Diagnostic] in
      group.services.compactMap { name -> Diagnostic? in
        if let other = taken[name] {
          return refusal(
            "`\(name)` is in the groups `\(other.name)` and `\(group.name)`.", "Keep it in one of them.", group)
        }
        taken[name] = group
        guard let service = services[name], policy.moves(name) else {
          return refusal(
            "There is no service `\(name)` that moves between the heads.",
            "Name one of `ha: services:` with a unit of your own, or one of a package set.", group)
        }
        return obstacle(service, group)
      }
    }
  }

  private static func obstacle(
    _ service: HeadService, _ group: HighAvailabilityPolicy.Spread
  ) -> Diagnostic? {
    if Network.Service(rawValue: service.name) != nil {
      return refusal(
        "`\(service.name)` is what nodes come to at the service address, and stays there.",
        "Take it out of `\(group.name)`.", group)
    }
    if service.keepsState {
      return refusal(
        "`\(service.name)` keeps its state in `ha: state:`, and is asked at the service address.",
        "It stays there. Take it out of `\(group.name)`.", group)
    }
    let asks = service.checks.contains { check in
      switch check {
      case .tcp, .dns: true
      case .http, .program: false
      }
    }
    guard asks, group.address == nil else { return nil }
    return refusal(
      "The check of `\(service.name)` asks at a service address, and `\(group.name)` has none.",
      "Write `address:` with one that moves with the group, or check it with `program:`.", group)
  }

  private static func refusal(
    _ detail: String, _ help: String, _ group: HighAvailabilityPolicy.Spread
  ) -> Diagnostic {
    Diagnostic(.serviceSpread, severity: .error, detail, help: help, at: group.source)
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// A unit that Pacemaker runs, and the services of the description that are in it.
package struct ClusteredUnit: Hashable, Sendable {
  /// The primitive's id in the CIB.
  package var id: String
  package var unit: String
  /// As users know them, in the order of the description.
  package var services: [String]
  package var checks: [HealthCheck]
  package var isOwn: Bool
  /// Units that start before it, where both start, by their ids in the CIB.
  package var needs: [String] = []
  package var keepsState: Bool
  /// The group of `ha: spread:` that it is in. Nil: it runs beside the service addresses.
  package var spread: String?

  /// The units that a policy asks for, each once.
  package static func all(of policy: HighAvailabilityPolicy, in cluster: Cluster) -> [ClusteredUnit] {
    var cluster = cluster
    cluster.ha = policy
    var units: [ClusteredUnit] = []
    for service in WingCatalog.services(of: cluster) where policy.moves(service.name) {
      if let index = units.firstIndex(where: { $0.unit == service.unit }) {
        units[index].services.append(service.name)
        units[index].checks += service.checks
        units[index].keepsState = units[index].keepsState || service.keepsState
      } else {
        var unit = ClusteredUnit(service)
        unit.spread = policy.spread.first { $0.services.contains(service.name) }?.name
        units.append(unit)
      }
    }
    let ids = Dictionary(units.flatMap { unit in unit.services.map { ($0, unit.id) } }) { first, _ in first }
    for index in units.indices { units[index].needs = units[index].needs.compactMap { ids[$0] } }
    return units
  }

  private init(_ service: HeadService) {
    let stem = String(service.unit.dropLast(service.unit.hasSuffix(".service") ? ".service".count : 0))
    id = service.isOwn ? "service-\(service.name)" : stem
    unit = service.unit
    services = [service.name]
    checks = service.checks
    isOwn = service.isOwn
    needs = service.needs
    keepsState = service.keepsState
  }

  /// The id of a service address's primitive.
  package static func id(ofAddressOn network: String) -> String { "address-\(network)" }

  /// The id of the primitive of a service address of IPv6. No network's IPv4 one is called so.
  package static func id(ofIPv6On network: String) -> String { "address6-\(network)" }

  /// The id of the primitive of a group's own service address.
  package static func id(ofAddressOf spread: String) -> String { "spread-\(spread)" }

  /// Parameters of `ocf:cluster:service` that ask what the checks ask, at the address that the unit runs beside.
  func parameters(at address: IPv4Address?) -> [(name: String, value: String)] {
    checks.flatMap { check -> [(name: String, value: String)] in
      switch check {
      // Without an address there is none to ask at: `spread` is refused with such a check.
      case .tcp(let port): address.map { [("tcp_address", "\($0)"), ("tcp_port", "\(port)")] } ?? []
      case .http(let url): [("http_url", url)]
      case .dns(let name): address.map { [("dns_server", "\($0)"), ("dns_name", name)] } ?? []
      case .program(let path, let every, let port):
        [("program", path)] + (every.map { [("program_every", "\($0.milliseconds)")] } ?? [])
          + (port.map { [("program_port", "\($0)")] } ?? [])
      }
    }
  }
}

extension HighAvailabilityPolicy {
  /// The address that services run beside: the one that nodes boot from.
  func anchor(_ cluster: Cluster) -> Address? {
    addresses.first { $0.network == cluster.bootNetwork?.name } ?? addresses.first
  }
}

extension HealthCheck {
  /// The host and the port of a page's address, `http://10.1.0.10:8080/health`. Nil: it names no port that there is.
  static func place(ofPage url: String) -> (host: Substring, port: Int)? {
    guard let scheme = url.firstRange(of: "://") else { return nil }
    let parts = url[scheme.upperBound...].prefix { $0 != "/" }.split(separator: ":", maxSplits: 1)
    let usual = url.hasPrefix("https:") ? 443 : 80
    guard let host = parts.first, let port = parts.count == 1 ? usual : Int(parts[1]), (1...65535).contains(port) else {
      return nil
    }
    return (host, port)
  }
}

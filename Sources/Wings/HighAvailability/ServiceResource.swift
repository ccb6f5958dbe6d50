// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// A unit that Pacemaker runs, and the services of the spec that are in it.
package enum ServiceResource: String, CaseIterable, Sendable {
  /// DHCP, TFTP and DNS.
  case dnsmasq
  /// Boot scripts and images over HTTP.
  case nginx

  package init(_ service: HighAvailabilityPolicy.Service) {
    switch service {
    case .dhcp, .dns: self = .dnsmasq
    case .boot: self = .nginx
    }
  }

  /// The primitive's id in the CIB.
  package var id: String { rawValue }
  package var unit: String { rawValue + ".service" }

  /// Those of a policy, each once.
  package static func all(of policy: HighAvailabilityPolicy) -> [ServiceResource] {
    let wanted = Set(policy.services.map(ServiceResource.init))
    return allCases.filter(wanted.contains)
  }

  /// The id of a service address's primitive.
  package static func id(ofAddressOn network: String) -> String { "address-\(network)" }
}

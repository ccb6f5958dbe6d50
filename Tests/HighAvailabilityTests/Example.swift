// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import Testing

@testable import Wings

/// The heads and the policy of the repository's `cluster.yaml`, without its nodes.
enum Example {
  static let span = SourceSpan(file: "cluster.yaml", line: 1, column: 1, endLine: 1, endColumn: 2)

  static func cluster() throws -> Cluster {
    let networks = [
      try network("public", "198.51.100.0/24", []), try network("private", "10.1.0.0/16", [.dhcp, .dns, .boot]),
      try network("heartbeat", "10.2.0.0/24", []), try network("bmc", "10.3.0.0/16", []),
    ]
    return Cluster(
      name: "alps", domain: "alps.example.org", repositories: Repositories(), networks: networks,
      heads: [try head(1, cloneOf: nil), try head(2, cloneOf: "head1")], images: [], nodes: [], ha: try policy(),
      access: Access(), source: span)
  }

  static func policy() throws -> HighAvailabilityPolicy {
    HighAvailabilityPolicy(
      addresses: [
        .init(network: "public", address: try #require(IPv4Address("198.51.100.10")), source: span),
        .init(network: "private", address: try #require(IPv4Address("10.1.0.10")), source: span),
      ],
      services: ["dhcp", "dns", "boot"].map { .init(name: $0, source: span) },
      monitor: .init(every: .seconds(3), timeout: .seconds(10), restarts: 3),
      failback: .manual, heartbeat: .init(links: ["private", "heartbeat"], detect: .seconds(1)), fencing: true,
      source: span, sources: [:])
  }

  static func bmc(_ number: Int) throws -> BMC {
    BMC(
      address: try #require(IPv4Address("10.3.0.\(number)")), protocol: .ipmi, user: "admin",
      password: SecretRef("bmc/head\(number)"))
  }

  private static func network(_ name: String, _ cidr: String, _ serves: Set<Network.Service>) throws -> Network {
    Network(
      name: name, cidr: try #require(IPv4Network(cidr)), gateway: nil, dns: [], serves: serves, dynamic: nil,
      source: span)
  }

  private static func head(_ number: Int, cloneOf: HostID?) throws -> Head {
    func nic(_ name: String, _ network: String, _ address: String) throws -> NIC {
      NIC(name: name, network: network, address: try #require(IPv4Address(address)), mac: nil, source: span)
    }
    return Head(
      name: HostID("head\(number)"),
      nics: [
        try nic("eth0", "private", "10.1.0.\(number)"), try nic("eth1", "public", "198.51.100.1\(number)"),
        try nic("eth2", "heartbeat", "10.2.0.\(number)"),
      ], bmc: try bmc(number), cloneOf: cloneOf, wipe: false, source: span)
  }
}

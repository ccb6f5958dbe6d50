// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// A small cluster with everything that a lab cares about.
enum ExampleCluster {
  static func make(nodes count: Int = 2) throws -> Cluster {
    let source = SourceSpan(file: "cluster.yaml", line: 1, column: 1, endLine: 1, endColumn: 1)
    func network(_ name: String, _ cidr: String, gateway: String? = nil, dynamic: Network.Range? = nil) throws
      -> Network
    {
      Network(
        name: name, cidr: try some(IPv4Network(cidr)), gateway: try gateway.map { try some(IPv4Address($0)) },
        dns: try gateway.map { [.v4(try some(IPv4Address($0)))] } ?? [],
        serves: name == "private" ? [.dhcp, .dns, .boot] : [],
        dynamic: dynamic, source: source)
    }
    func nic(_ name: String, _ network: String, _ address: String, _ mac: String?) throws -> NIC {
      NIC(
        name: name, network: network, address: try some(IPv4Address(address)), mac: mac.flatMap { MACAddress($0) },
        source: source)
    }
    func bmc(_ address: String, _ secret: String) throws -> BMC {
      BMC(address: try some(IPv4Address(address)), protocol: .ipmi, user: "admin", password: SecretRef(secret))
    }
    let heads = try (1...2).map { number in
      Head(
        name: HostID("head\(number)"),
        nics: [
          try nic("eth0", "private", "10.1.0.\(number)", "52:54:00:01:00:0\(number)"),
          try nic("eth1", "public", "198.51.100.1\(number)", nil),
        ], bmc: try bmc("10.3.0.\(number)", "bmc/head\(number)"), cloneOf: number == 1 ? nil : "head1", wipe: false,
        source: source)
    }
    let nodes = try (1...max(count, 1)).prefix(count).map { number in
      ComputeNode(
        name: HostID("node\(number)"), image: "compute", boot: .stateless,
        nics: [try nic("eth0", "private", "10.1.1.\(number)", "52:54:00:11:00:0\(number)")],
        bmc: try bmc("10.3.1.\(number)", "bmc/nodes"), source: source)
    }
    return Cluster(
      name: "alps", domain: "alps.example.org", repositories: Repositories(),
      networks: [
        try network("public", "198.51.100.0/24", gateway: "198.51.100.1"),
        try network(
          "private", "10.1.0.0/16",
          dynamic: Network.Range(
            first: try some(IPv4Address("10.1.255.1")), last: try some(IPv4Address("10.1.255.254")))),
        try network("bmc", "10.3.0.0/16"),
      ], heads: heads, images: [], nodes: nodes, ha: nil, access: Access(), source: source)
  }

  struct NotAnAddress: Error {}

  static func some<Value>(_ value: Value?) throws -> Value {
    guard let value else { throw NotAnAddress() }
    return value
  }
}

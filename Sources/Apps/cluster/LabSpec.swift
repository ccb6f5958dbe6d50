// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import Foundation
import HostAccess

enum LabSpec {
  static func program() throws(AgentError) -> String {
    guard let path = Bundle.main.executablePath else {
      throw AgentError(.notFound, "This program cannot find its own file", next: "Call it by its full path.")
    }
    return path
  }

  static func cluster(_ file: String) throws(AgentError) -> Cluster {
    let s = SourceSpan(file: file, line: 1, column: 1, endLine: 1, endColumn: 1)
    func ip(_ t: String) -> IPv4Address { IPv4Address(t) ?? IPv4Address(bits: 0) }
    func net(_ n: String, _ c: String, _ g: String? = nil, serves: Set<Network.Service> = []) -> Network {
      Network(name: n, cidr: IPv4Network(c) ?? IPv4Network(address: ip("0.0.0.0"), prefix: 0)!, gateway: g.map(ip), dns: g.map { [ip($0)] } ?? [], serves: serves, dynamic: nil, source: s)
    }
    func nic(_ n: String, _ w: String, _ a: String, _ m: String) -> NIC { NIC(name: n, network: w, address: ip(a), mac: MACAddress(m), source: s) }
    func head(_ i: Int) -> Head {
      Head(name: HostID("head\(i)"), nics: [nic("eth0", "private", "10.1.0.\(i)", "52:54:00:01:00:0\(i)"), nic("eth1", "public", "198.51.100.1\(i)", "52:54:00:02:00:0\(i)"), nic("eth2", "heartbeat", "10.2.0.\(i)", "52:54:00:03:00:0\(i)")], bmc: BMC(address: ip("10.3.0.\(i)"), protocol: .ipmi, user: "admin", password: SecretRef("bmc/head\(i)")), cloneOf: i == 1 ? nil : "head1", wipe: false, source: s)
    }
    return Cluster(name: "alps", domain: "alps.example.org", timezone: nil, repositories: Repositories(proxy: "http://198.51.100.1:3142"), networks: [net("public", "198.51.100.0/24", "198.51.100.1"), net("private", "10.1.0.0/16", serves: [.dhcp, .dns, .boot]), net("heartbeat", "10.2.0.0/24"), net("bmc", "10.3.0.0/16")], heads: [head(1), head(2)], images: [], nodes: (1...4).map { i in ComputeNode(name: HostID("node00\(i)"), image: "compute", boot: .stateless, nics: [nic("eth0", "private", "10.1.1.\(i)", "52:54:00:11:00:0\(i)")], bmc: BMC(address: ip("10.3.1.\(i)"), protocol: .ipmi, user: "admin", password: SecretRef("bmc/nodes")), source: s) }, ha: nil, access: Access(), source: s)
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// One network of the spec: a bridge in the lab's namespace.
package struct LabNetwork: Hashable, Codable, Sendable {
  package var name: String
  /// The bridge's interface name in the lab's namespace.
  package var bridge: String
  /// Fixed: a bridge otherwise takes the lowest MAC of its ports, and neighbours keep stale ARP entries when one goes.
  package var mac: MACAddress
  /// Addresses that the lab's namespace itself answers on: gateway, BMCs, or an address of its own. `address/prefix`.
  package var addresses: [String]

  package init(name: String, bridge: String, mac: MACAddress, addresses: [String]) {
    self.name = name
    self.bridge = bridge
    self.mac = mac
    self.addresses = addresses
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// A machine of the lab: a head or a node, with its NICs, its disk and its power switch.
package struct LabMachine: Hashable, Codable, Sendable {
  package enum Role: String, Hashable, Codable, Sendable { case head, node }

  package enum Disk: String, Hashable, Codable, Sendable {
    /// Debian as an installer leaves it: sshd, one address, an authorised key. A virtual machine's is an image.
    case debian
    /// An empty disk, kept over power cycles.
    case empty
    /// No disk at all.
    case none
  }

  package enum Hardware: String, Hashable, Codable, CaseIterable, Sendable {
    /// A container, with a firmware of ours that boots as a ROM would.
    case container
    /// QEMU.
    case vm
  }

  package struct Port: Hashable, Codable, Sendable {
    /// The interface's name inside the machine.
    package var nic: String
    package var mac: MACAddress
    package var network: String
    /// The other end's name, in the lab's namespace. At most 15 characters (IFNAMSIZ).
    package var peer: String
    /// The address that the spec gives it, as `address/prefix`.
    package var address: String

    package init(nic: String, mac: MACAddress, network: String, peer: String, address: String) {
      self.nic = nic
      self.mac = mac
      self.network = network
      self.peer = peer
      self.address = address
    }
  }

  package var name: HostID
  package var role: Role
  package var disk: Disk
  package var hardware: Hardware
  /// How QEMU's ROM starts it. Nil: by BIOS.
  package var firmware: Head.Firmware?
  package var ports: [Port]
  /// The serial number of a disk for the state of services, where the spec names one for DRBD. Nil: it has none.
  package var stateDisk: String?
  package var bmc: BMC?
  /// The switched power strip that its cord is in, where the spec fences it by one that speaks IPMI.
  package var outlet: BMC?

  package init(
    name: HostID, role: Role, disk: Disk, hardware: Hardware, firmware: Head.Firmware? = nil, ports: [Port],
    stateDisk: String? = nil, bmc: BMC?, outlet: BMC? = nil
  ) {
    self.name = name
    self.role = role
    self.disk = disk
    self.hardware = hardware
    self.firmware = firmware
    self.ports = ports
    self.stateDisk = stateDisk
    self.bmc = bmc
    self.outlet = outlet
  }
}

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

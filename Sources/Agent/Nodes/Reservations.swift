// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Wings

/// The addresses that this head's dnsmasq gives to the machines of the description: who may speak for whom.
struct Reservations: Sendable {
  private(set) var addresses: [MACAddress: IPv4Address] = [:]
  private(set) var machines: [IPv4Address: MACAddress] = [:]

  /// Reads lines of `MAC,NAME,ADDRESS,TIME`, as `BootMachines` writes them. Others are somebody else's.
  init(text: String) {
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: ",")
      guard fields.count >= 3, let mac = MACAddress(fields[0]), let address = IPv4Address(String(fields[2])) else {
        continue
      }
      addresses[mac] = address
      machines[address] = mac
    }
  }

  /// None where this head has never been told any.
  static func read() throws(AgentError) -> Reservations {
    let bytes = try LocalFiles.read("\(WellKnown.dhcpHosts)/machines") ?? []
    return Reservations(text: String(decoding: bytes, as: UTF8.self))
  }
}

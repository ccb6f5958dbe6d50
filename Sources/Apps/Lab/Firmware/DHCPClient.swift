// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

/// Asks for an address as a network card's PXE ROM does, and again as iPXE does.
struct DHCPClient {
  enum Stage {
    /// PXE 2.1: vendor class, architecture 0 (BIOS), UNDI 2.1, machine UUID.
    case rom
    /// iPXE besides says what it is: user class `iPXE` and its own option 175.
    case ipxe
  }

  var firmware: Firmware
  var port: LabMachine.Port

  /// A UUID that stays with the machine, as a mainboard's does.
  static func uuid(of machine: LabMachine) -> String {
    String(SHA256.hex("machine/\(machine.ports.first?.mac.description ?? machine.name.name)").prefix(32))
  }

  /// The lease, or nil where no server answered.
  func ask(as stage: Stage) async throws(AgentError) -> DHCPLease? {
    let script = "\(firmware.folder)/dhcp.sh"
    let answer = "\(firmware.folder)/lease"
    try LabFiles.remove(answer)
    try LabFiles.write("#!/bin/sh\n[ \"$1\" = bound ] && env > '\(answer)'\nexit 0\n", to: script, mode: 0o755)
    try await Command.checked(
      "ip", ["link", "set", port.nic, "up"], next: "Check the machine's console.")
    var arguments = [
      "udhcpc", "-i", port.nic, "-f", "-q", "-n", "-t", "4", "-T", "1", "-s", script,
      "-V", "PXEClient:Arch:00000:UNDI:002001", "-x", "0x5d:0000", "-x", "0x5e:010201",
      "-x", "0x61:00\(Self.uuid(of: firmware.machine))", "-O", "bootfile", "-O", "tftp", "-O", "hostname",
    ]
    if stage == .ipxe { arguments += ["-x", "0x4d:69505845", "-x", "0xaf:130101", "-O", "175"] }
    let result = try await Command.run("busybox", arguments, deadline: .seconds(30))
    guard result.succeeded, let text = LabFiles.text(answer) else { return nil }
    return DHCPLease(environment: text)
  }

  /// Puts the lease on the card, for what the firmware itself fetches.
  func configure(_ lease: DHCPLease) async throws(AgentError) {
    var batch = ["addr flush dev \(port.nic)", "addr add \(lease.address)/\(lease.prefix) dev \(port.nic)"]
    if let router = lease.router { batch.append("route replace default via \(router)") }
    let input = Array((batch.joined(separator: "\n") + "\n").utf8)
    let result = try await Command.run("ip", ["-batch", "-"], input: input)
    guard result.succeeded else {
      throw AgentError(
        .invalid, "The DHCP answer \(lease.address)/\(lease.prefix) cannot be used", cause: result.lastLines,
        next: "Check the DHCP server's configuration.")
    }
  }

  /// Takes the address off: the system configures its cards itself.
  func release() async throws(AgentError) {
    try await Command.checked("ip", ["addr", "flush", "dev", port.nic], next: "Check the machine's console.")
  }
}

/// A DHCP server's answer, as udhcpc(8) hands it to its script.
struct DHCPLease: Hashable, Sendable {
  var address: String
  var mask: String
  /// Prefix length.
  var prefix: Int
  var router: String?
  var dns: String?
  var hostname: String?
  var domain: String?
  /// Option 67, or the `file` field.
  var bootFile: String?
  /// Option 66, or `siaddr`: where TFTP is.
  var server: String?

  /// The lease, or nil without an address.
  init?(environment text: String) {
    var values: [String: String] = [:]
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2, !parts[1].isEmpty { values[String(parts[0])] = String(parts[1]) }
    }
    guard let address = values["ip"], let mask = values["subnet"], let prefix = values["mask"].flatMap(Int.init) else {
      return nil
    }
    self.address = address
    self.mask = mask
    self.prefix = prefix
    // Several of each may come; the first counts.
    router = values["router"]?.split(separator: " ").first.map(String.init)
    dns = values["dns"]?.split(separator: " ").first.map(String.init)
    hostname = values["hostname"]
    domain = values["domain"]
    bootFile = values["bootfile"] ?? values["boot_file"]
    server = values["tftp"] ?? values["siaddr"] ?? values["serverid"]
  }
}

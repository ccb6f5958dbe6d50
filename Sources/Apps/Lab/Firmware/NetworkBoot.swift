// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

/// Boots over the network, card by card: PXE ROM, iPXE over TFTP, scripts over HTTP.
struct NetworkBoot {
  var firmware: Firmware

  func run() async throws(AgentError) -> Firmware.Attempt {
    try await Command.checked("ip", ["link", "set", "lo", "up"], next: "Check the machine's console.")
    var reasons: [String] = []
    for (number, port) in firmware.machine.ports.enumerated() {
      let attempt = try await boot(from: port, card: "net\(number)")
      guard case .nothing(let why) = attempt else { return attempt }
      reasons.append("\(port.nic) \(why)")
    }
    return .nothing(reasons.joined(separator: ", "))
  }

  private func boot(from port: LabMachine.Port, card: String) async throws(AgentError) -> Firmware.Attempt {
    let client = DHCPClient(firmware: firmware, port: port)
    try firmware.report(.dhcp, source: .network, detail: port.nic)
    firmware.say("\(port.nic) \(port.mac): asking for an address")
    guard let first = try await client.ask(as: .rom) else { return .nothing("has no DHCP answer") }
    guard let file = first.bootFile else { return .nothing("is offered \(first.address) but no boot file") }
    firmware.say("\(port.nic): \(first.address)/\(first.prefix), boot file \(file)")
    try await client.configure(first)
    if file.hasSuffix(Self.grub) { return try await bootSigned(file, first, port, client) }
    guard try await fetchROM(file, from: first.server) else { return .nothing("cannot fetch \(file)") }
    guard let lease = try await client.ask(as: .ipxe), let script = lease.bootFile else {
      return .nothing("has no DHCP answer for iPXE")
    }
    try await client.configure(lease)
    try firmware.report(.fetching, source: .network, detail: script)
    let settings = IPXESettings(
      card: card, lease: lease, mac: port.mac, uuid: DHCPClient.uuid(of: firmware.machine))
    var interpreter = IPXEInterpreter(platform: FirmwareFetcher(firmware: firmware), settings: settings)
    return try await follow(interpreter.run(script), client)
  }

  private func follow(_ outcome: IPXEOutcome, _ client: DHCPClient) async throws(AgentError) -> Firmware.Attempt {
    switch outcome {
    case .boot(_, let arguments): return try await start(arguments, client)
    case .disk: return try await DiskBoot(firmware: firmware).run()
    case .exit: return .nothing("is told to boot from elsewhere")
    case .reboot: return .ended(.rebooted)
    case .poweroff: return .ended(.poweredOff)
    case .failed(let why): return .nothing(why)
    }
  }

  /// How the names of GRUB's images for BIOS end: see `SignedBoot`.
  private static let grub = ".pxe"

  /// A ROM fetches GRUB; what GRUB does then, the firmware does itself, with the key and the configuration that are
  /// built in. It reads them in the image for UEFI, which is not compressed and has the same.
  private func bootSigned(
    _ file: String, _ lease: DHCPLease, _ port: LabMachine.Port, _ client: DHCPClient
  ) async throws(AgentError) -> Firmware.Attempt {
    let readable = file.dropLast(Self.grub.count) + ".efi"
    guard try await fetchROM(file, from: lease.server) else { return .nothing("cannot fetch \(file)") }
    let fetcher = FirmwareFetcher(firmware: firmware)
    guard let image = try await GRUBImage(fetcher.whole("tftp://\(lease.server ?? "")/\(readable)")) else {
      return .nothing("finds no key in \(file)")
    }
    try firmware.report(.fetching, source: .network, detail: "GRUB")
    firmware.say("GRUB boots what is signed by the key that is built in")
    var interpreter = GRUBInterpreter(platform: fetcher, verifier: image.verifier, mac: port.mac)
    return try await follow(interpreter.run(image.configuration), client)
  }

  /// A ROM fetches iPXE; what iPXE does then, the firmware does itself.
  private func fetchROM(_ file: String, from server: String?) async throws(AgentError) -> Bool {
    let url = file.contains("://") ? file : "tftp://\(server ?? "")/\(file)"
    let result = try await Command.run(
      "curl", ["-fsS", "--max-time", "20", "--output", "/dev/null", url], deadline: .seconds(30))
    if !result.succeeded { firmware.say("\(url): \(result.lastLines)") }
    return result.succeeded
  }

  private func start(_ arguments: [String], _ client: DHCPClient) async throws(AgentError) -> Firmware.Attempt {
    let image = NetworkImage(firmware: firmware, arguments: KernelArguments(arguments))
    if let why = try await image.mount() { return .stuck(why) }
    // An initramfs would write down what it verified; a container has none, so it is told.
    let verified = image.arguments["cluster.sha256"].map { ["cluster.verified=\($0)"] } ?? []
    try await client.release()
    var devices: [String] = []
    if firmware.machine.disk == .empty { devices = try await DiskDevices(firmware: firmware).prepare() }
    firmware.say("booting \(image.arguments["image"] ?? "an image") from the network")
    try firmware.report(.running, source: .network, detail: image.arguments["image"])
    let end = try Container(
      machine: firmware.machine, root: firmware.root, uuid: firmware.site.systemUUID(of: firmware.machine.name),
      arguments: arguments + verified, devices: devices
    ).run()
    try await image.unmount()
    if firmware.machine.disk == .empty {
      for disk in firmware.site.disks(of: firmware.machine) { try await LoopDevices.detach(backing: disk.file) }
    }
    return .ended(end)
  }
}

/// The network as the machine's own card sees it: this process is in the machine's network namespace.
struct FirmwareFetcher: IPXEPlatform, GRUBPlatform {
  var firmware: Firmware

  func whole(_ url: String) async throws(AgentError) -> [UInt8] {
    try await Command.checked(
      "curl", ["-fsS", "--max-time", "120", url], deadline: .seconds(150), next: "Check that the head serves it."
    ).stdout
  }

  func fetch(_ url: String) async throws(AgentError) -> [UInt8] {
    try await Command.checked(
      "curl", ["-fsS", "--max-time", "10", "--max-filesize", "1048576", url], deadline: .seconds(20),
      next: "Check that the head serves it."
    ).stdout
  }

  func download(_ url: String) async throws(AgentError) {
    try await Command.checked(
      "curl", ["-fsS", "--max-time", "120", "--output", "/dev/null", url], deadline: .seconds(150),
      next: "Check that the head serves it.")
  }

  func pause(_ length: Duration) async throws(AgentError) { try await Poll.pause(length) }

  func say(_ text: String) { firmware.say(text) }
}

/// A kernel command line; of a name given twice, the last counts.
struct KernelArguments: Hashable, Sendable {
  var words: [String]

  init(_ words: [String]) { self.words = words }

  subscript(name: String) -> String? {
    words.last { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.count + 1)) }
  }
}

// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Foundation
import HostAccess
import Lab
import Wings

struct LabStormCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "storm", abstract: "Boot many machines at once from the lab's heads, and say how they fared.",
    discussion: """
      Each asks for an address as a card's ROM does, fetches iPXE over TFTP, asks again as iPXE, and fetches its scripts \
      and the beginning of a kernel over HTTP. Machines that the description does not name take addresses of the \
      network's dynamic range, which must have room for them. The exit status is 0 when all were served, otherwise 1.
      """)

  @OptionGroup var options: LabOptions

  @Argument(help: "How many machines.")
  var machines: Int

  @Option(help: "They are switched on evenly within so many seconds.")
  var ramp = 10.0

  @Option(help: "What has not booted after so many seconds has failed.")
  var limit = 600.0

  @Option(help: .hidden)
  var device: String?

  @Option(help: .hidden)
  var server: String?

  @Option(help: .hidden)
  var first = "02:00:00:00:00:01"

  @Option(help: .hidden)
  var architecture: UInt16 = 0

  @Flag(help: .hidden)
  var addresses = false

  func validate() throws {
    guard (1...60_000).contains(machines) else { throw ValidationError("1 to 60000 machines") }
  }

  func run() async throws {
    try await Failure.telling {
      // The second time, in the storm's network namespace.
      if let device, let server = server.flatMap({ IPv4Address($0) }), let first = MACAddress(first) {
        return try storm(device, server, first)
      }
      let site = try options.site()
      guard let cluster = try SiteOptions.parse(["--file", options.file]).specification().cluster,
        let network = cluster.bootNetwork, let server = Netboot.serviceAddress(cluster)
      else { throw Failure("\(options.file) boots no nodes", next: "Describe a network with `serves: [dhcp, boot]`.") }
      let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
      let argv =
        ["nsenter", "--net=/run/netns/\(site.stormNamespace)", program, "lab", "storm", "\(machines)"]
        + ["--ramp", "\(ramp)", "--limit", "\(limit)", "--device", LabSite.stormDevice, "--server", "\(server)"]
      let result = try await NeighbourRoom.held(for: machines) {
        try await site.plugStorm(into: network.name, server: server, cidr: network.cidr)
        let result: CommandResult
        do {
          result = try await Command.run(argv[0], Array(argv.dropFirst()), deadline: .seconds(Int(limit) + 60))
        } catch {
          try await site.unplugStorm()
          throw error
        }
        try await site.unplugStorm()
        return result
      }
      Terminal.print(result.text.trimmedEnd)
      if !result.succeeded { throw ExitCode.failure }
    }
  }

  private func storm(_ device: String, _ server: IPv4Address, _ first: MACAddress) throws {
    let macs = (0..<UInt64(machines)).map { MACAddress(bits: first.bits + $0) }
    var storm = try Storm(
      .init(device: device, server: server, ramp: ramp, limit: limit, architecture: architecture), macs)
    let result = storm.run { Terminal.note($0) }
    for line in (addresses ? result.addresses : []) + result.lines { Terminal.print(line) }
    if !result.isComplete { throw ExitCode.failure }
  }
}

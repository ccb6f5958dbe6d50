// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

extension LabSite {
  /// Card of the machines that a storm is made of, in its namespace.
  package static let stormDevice = "storm"

  /// The namespace of the machines of a storm.
  package var stormNamespace: String { "cl-\(id)-storm" }

  /// Plugs one card for all machines of a storm into a network, in a namespace that takes all its addresses for its own
  /// but the server's.
  package func plugStorm(into network: String, server: IPv4Address, cidr: IPv4Network) async throws(AgentError) {
    guard let bridge = self.network(network)?.bridge else {
      throw AgentError(.notFound, "The lab has no network \(network)", next: "Bring it up with `cluster lab up`.")
    }
    try await unplugStorm()
    try await Command.checked("ip", ["netns", "add", stormNamespace], next: "Check that iproute2 works.")
    let device = Self.stormDevice
    try await ip([
      "link add st-\(id) type veth peer name \(device) netns \(stormNamespace)",
      "link set st-\(id) alias \(device) master \(bridge) up",
    ])
    let batch = Self.stormRoutes(device, server: server, cidr: cidr).joined(separator: "\n") + "\n"
    let result = try await Command.run("ip", ["-n", stormNamespace, "-batch", "-"], input: Array(batch.utf8))
    guard result.succeeded else {
      throw AgentError(
        .commandFailed, "The network of a storm could not be set up", cause: result.lastLines,
        next: "Run `cluster lab down`, then try again.")
    }
  }

  /// Lines for `ip -batch`. The table `main`, and not `local`, so that the server's own route is the nearer one.
  package static func stormRoutes(_ device: String, server: IPv4Address, cidr: IPv4Network) -> [String] {
    [
      "link set lo up", "link set \(device) up", "route add \(server)/32 dev \(device)",
      "route add local \(cidr) dev \(device) table main",
    ]
  }

  /// Nothing is left of it.
  package func unplugStorm() async throws(AgentError) { try await removeNamespace(stormNamespace) }
}

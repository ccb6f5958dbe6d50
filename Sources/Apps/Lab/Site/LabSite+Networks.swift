// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

/// The lab's network namespace: bridges, and the addresses of gateways and BMCs. It has no way out.
extension LabSite {
  /// argv that runs a program in the lab's namespace. Not `ip netns exec`, whose fresh /sys hides the cgroups.
  package func inside(_ argv: [String]) -> [String] { ["nsenter", "--net=\(namespacePath)"] + argv }

  /// - Parameter before: the lab as it is, when it is up already.
  func makeNetworks(before: LabSite?) async throws(AgentError) {
    let next = "Check that iproute2 works and that no other program uses the namespace \(namespace)."
    if !LabFiles.exists(namespacePath) {
      try await Command.checked("ip", ["netns", "add", namespace], next: next)
    }
    // What the spec no longer says.
    for old in before?.networks ?? [] {
      let kept = network(old.name)?.addresses ?? []
      try await ip(
        old.addresses.filter { !kept.contains($0) }.map { "addr del \($0) dev \(old.bridge)" }, force: true)
    }
    var batch = ["link set lo up"]
    let existing = try await interfaces()
    for network in networks {
      if !existing.contains(network.bridge) {
        batch.append("link add \(network.bridge) address \(network.mac) type bridge forward_delay 0 stp_state 0")
      }
      batch.append("link set \(network.bridge) alias \(network.name) up")
      // The bridge is the lab's own: nobody else has its addresses, and they answer at once.
      batch += network.addresses.map {
        "addr replace \($0) dev \(network.bridge)" + ($0.contains(":") ? " nodad" : "")
      }
    }
    try await ip(batch)
    // The lab routes between its networks, as the site's router would: that is how heads reach their BMCs.
    let command = inside(["tee", "/proc/sys/net/ipv4/ip_forward"])
    try await Command.checked(command[0], Array(command.dropFirst()), input: Array("1\n".utf8), next: next)
  }

  func removeNetworks() async throws(AgentError) {
    try await unplugStorm()
    for machine in machines { try await removeNamespace(namespace(of: machine)) }
    try await removeNamespace(namespace)
  }

  func removeNamespace(_ name: String) async throws(AgentError) {
    guard LabFiles.exists("/run/netns/\(name)") else { return }
    try await Command.checked("ip", ["netns", "del", name], next: "Run `ip netns del \(name)`.")
  }

  /// Runs `ip -batch` in the lab's namespace.
  func ip(_ batch: [String], force: Bool = false) async throws(AgentError) {
    guard !batch.isEmpty else { return }
    let input = Array((batch.joined(separator: "\n") + "\n").utf8)
    let arguments = ["-n", namespace] + (force ? ["-force"] : []) + ["-batch", "-"]
    let result = try await Command.run("ip", arguments, input: input)
    guard result.succeeded || force else {
      throw AgentError(
        .commandFailed, "The lab's network could not be set up", cause: result.lastLines,
        next: "Take the lab down with `cluster lab down`, then try again.")
    }
  }

  func interfaces() async throws(AgentError) -> Set<String> {
    let result = try await Command.checked(
      "ip", ["-n", namespace, "-o", "link", "show"], next: "Check that iproute2 works.")
    return Set(
      result.text.split(separator: "\n").compactMap { line in
        line.split(separator: " ").dropFirst().first.map { String($0.prefix { $0 != ":" && $0 != "@" }) }
      })
  }
}

/// Faults that tests and curious users make.
extension LabSite {
  private func cutFile(_ port: LabMachine.Port) -> String { "\(stateDirectory)/cut/\(port.peer)" }

  func isCut(_ port: LabMachine.Port) -> Bool { LabFiles.exists(cutFile(port)) }

  /// Pulls a machine's cable out of a network, or puts it back. The machine sees its link go, also over power cycles.
  package func setLink(of name: HostID, on network: String, up: Bool) async throws(AgentError) {
    guard let machine = machine(name), let port = machine.ports.first(where: { $0.network == network }) else {
      throw AgentError(
        .notFound, "\(name) has no link on \(network)", next: "Use a machine and a network of cluster.yaml.")
    }
    if up {
      try LabFiles.remove(cutFile(port))
    } else {
      try LabFiles.write("", to: cutFile(port))
    }
    // No such link: the machine is off, and will find its cable as it is now.
    if PowerSwitch(machine, of: self).isOn { try await ip(["link set \(port.peer) \(up ? "up" : "down")"]) }
  }

  /// Takes the package mirror away, or gives it back. What has been fetched before stays to be had.
  package func setMirror(up: Bool) async throws(AgentError) { try await PackageProxy(self).setMirror(up: up) }
}

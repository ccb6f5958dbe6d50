// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension EnsureLink: AgentOperation {
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    // Done already means: left alone. Configuring a link anew takes away what others, such as Pacemaker, added to it.
    let link = try Interface.named(goal.interface)
    if Self.isReached(goal, link) {
      if try await removeFormer() {
        return Outcome(changed: true, detail: "\(goal.interface) keeps its new address only")
      }
      return Outcome(changed: false, detail: "as desired already")
    }
    let networkd = try await UnitProperties.read("systemd-networkd.service")
    guard networkd.exists, !networkd.isMasked else {
      throw AgentError(
        .conflict, "systemd-networkd is not there or masked",
        next: "Install systemd-networkd and run `systemctl unmask systemd-networkd` on the host.")
    }
    let next = "Check `networkctl status \(goal.interface)` and `journalctl --unit systemd-networkd`."
    var verb = networkd.isRunning ? nil : "start"
    if networkd.isRunning {
      context.progress("networkctl reload")
      let reload = try await Command.run("networkctl", ["reload"])
      // networkctl(1) speaks over D-Bus, which a small system may lack; a restart reads the files too.
      verb = reload.succeeded ? nil : "restart"
    }
    if let verb {
      context.progress("systemctl \(verb) systemd-networkd")
      try await Command.checked(
        "systemctl", [verb, "--", "systemd-networkd.service"], deadline: .seconds(90), next: next)
    } else if try await !Self.settles(goal, within: .seconds(8)) {
      // A reload only touches links whose file changed; this one was changed by somebody else.
      context.progress("networkctl reconfigure \(goal.interface)")
      try await Command.checked("networkctl", ["reconfigure", goal.interface], next: next)
    }
    let limit = Duration.seconds(20)
    guard try await Self.settles(goal, within: limit) else {
      let link = try Interface.named(goal.interface)
      throw AgentError(
        .deadline, "\(goal.interface) did not get \(goal.address)/\(goal.prefix) within \(limit)",
        cause: "it is \(link.up ? "up" : "down") with \(link.addresses.joined(separator: ", "))", next: next)
    }
    try await removeFormer()
    return Outcome(changed: true, detail: "\(goal.interface) has \(goal.address)/\(goal.prefix)")
  }

  /// Takes away what networkd has left. Whether there was anything.
  @discardableResult
  private func removeFormer() async throws(AgentError) -> Bool {
    let present = try Interface.named(goal.interface).addresses
    let left = (goal.former ?? []).filter { present.contains($0.text) }
    guard !left.isEmpty else { return false }
    try Interface.promoteSecondaries(goal.interface)
    for former in left {
      try await Command.checked(
        "ip", ["address", "del", former.text, "dev", goal.interface],
        next: "Check `ip address show \(goal.interface)` on the host.")
    }
    return true
  }

  /// Whether the link comes to rest as desired. While networkd configures one, it takes addresses away and puts them
  /// back, so that one look is not enough.
  private static func settles(_ goal: LinkGoal, within limit: Duration) async throws(AgentError) -> Bool {
    let index = try FileSystem.text("/sys/class/net/\(goal.interface)/ifindex").filter { !$0.isWhitespace }
    // networkctl(1)'s own source: sd_network_link_get_setup_state(3).
    let state = "/run/systemd/netif/links/\(index)"
    var seen = 0
    let settled = try await poll(until: limit, every: .milliseconds(200)) { () throws(AgentError) -> Bool? in
      let isReached = Self.isReached(goal, try Interface.named(goal.interface))
      let said = try FileSystem.contents(state).map { String(decoding: $0, as: UTF8.self) } ?? ""
      let isConfigured = said.contains("ADMIN_STATE=configured\n")
      seen = isReached && isConfigured ? seen + 1 : 0
      return seen >= 3 ? true : nil
    }
    return settled == true
  }

  private static func isReached(_ goal: LinkGoal, _ link: LinkState) -> Bool {
    link.addresses.contains("\(goal.address)/\(goal.prefix)")
      && (goal.gateway.map(link.gateways.contains) ?? true)
  }
}

extension EnsureAddress: AgentOperation {
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    let wanted = "\(address)/\(prefix)"
    if try Interface.named(interface).addresses.contains(wanted) {
      return Outcome(changed: false, detail: "as desired already")
    }
    try await Command.checked(
      "ip", ["address", "add", wanted, "broadcast", "+", "dev", interface],
      next: "Check `ip address show \(interface)` on the host.")
    // Tells neighbours who have another MAC for it; without arping(8) they find out in a minute or so.
    do throws(AgentError) {
      _ = try await Command.run("arping", ["-U", "-c", "2", "-w", "3", "-I", interface, "\(address)"])
    } catch {
      context.progress("neighbours were not notified of \(address): \(error.message)")
    }
    return Outcome(changed: true, detail: "\(interface) has \(wanted)")
  }
}

extension LinksProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> [LinkState] { try Interface.all() }
}

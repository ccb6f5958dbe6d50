// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension EnsureLink: AgentOperation {
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    // Done already means: left alone. Configuring a link anew takes away what others, such as Pacemaker, added to it.
    let found = try Interface.all().first { $0.name == goal.interface }
    let link = goal.made == nil ? try Interface.named(goal.interface) : found
    // networkd would bring a route back that it still knows, as soon as the cable is plugged in anew.
    let hasFormerRoutes = (goal.formerRoutes ?? []).contains { link?.routes?.contains($0) == true }
    let hasFormerGateways = (goal.formerGateways6 ?? []).contains { link?.gateways6?.contains($0) == true }
    if let link, Self.isReached(goal, link), !hasFormerRoutes, !hasFormerGateways {
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
    if let made = goal.made, let seen = link?.made, made.replaces(seen) {
      // networkd makes what is not there, and changes nothing of what is.
      context.progress("\(goal.interface) is \(seen.words), and is made anew")
      try await Command.checked("ip", ["link", "delete", "dev", goal.interface], next: next)
      verb = "restart"
    } else if networkd.isRunning {
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
      // A reload only touches links whose file changed; this one was changed by somebody else. One that somebody has
      // taken away is made when networkd starts.
      let isThere = try Interface.all().contains { $0.name == goal.interface }
      let argv =
        isThere
        ? ["networkctl", "reconfigure", goal.interface]
        : ["systemctl", "restart", "--", "systemd-networkd.service"]
      context.progress(argv.joined(separator: " "))
      try await Command.checked(argv[0], Array(argv.dropFirst()), deadline: .seconds(90), next: next)
    }
    let limit = Duration.seconds(20)
    let words = "\(goal.address)/\(goal.prefix)" + (goal.ipv6.map { " and \($0.text)" } ?? "")
    guard try await Self.settles(goal, within: limit) else {
      throw AgentError(
        .deadline, "\(goal.interface) did not get \(words) within \(limit)", cause: try unreached(), next: next)
    }
    try await removeFormer()
    return Outcome(changed: true, detail: "\(goal.interface) has \(words)")
  }

  /// The part of the goal that is missing, in words.
  private func unreached() throws(AgentError) -> String {
    guard let link = try Interface.all().first(where: { $0.name == goal.interface }) else {
      return "it was not made" + (goal.made.map { " of \($0.parts.joined(separator: ", "))" } ?? "")
    }
    if let ipv6 = goal.ipv6, let problem = try Interface.problem(of: ipv6.address, on: goal.interface) {
      return problem
    }
    return
      "it is \(link.up ? "up" : "down") with \(link.held.joined(separator: ", ")), mtu \(link.mtu ?? 0), routes "
      + (link.routes ?? []).map(\.description).joined(separator: ", ")
  }

  /// Takes away what networkd has left. Whether there was anything.
  @discardableResult
  private func removeFormer() async throws(AgentError) -> Bool {
    let present = try Interface.named(goal.interface)
    let left = (goal.former ?? []).filter { present.held.contains($0.text) }
    let routers = (goal.formerGateways6 ?? []).filter { present.gateways6?.contains($0) == true }
    for router in routers {
      try await Command.checked(
        "ip", ["-6", "route", "del", "default", "via", "\(router)", "dev", goal.interface],
        next: "Check `ip -6 route show dev \(goal.interface)` on the host.")
    }
    let routes = (goal.formerRoutes ?? []).filter { present.routes?.contains($0) == true }
    for route in routes {
      try await Command.checked(
        "ip", ["route", "del", "\(route.to)", "via", "\(route.via)", "dev", goal.interface],
        next: "Check `ip route show dev \(goal.interface)` on the host.")
    }
    guard !left.isEmpty else { return !routes.isEmpty || !routers.isEmpty }
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
    var (seen, down) = (0, 0)
    let settled = try await poll(until: limit, every: .milliseconds(200)) { () throws(AgentError) -> Bool? in
      // One that networkd makes may not be there yet.
      let index = try FileSystem.contents("/sys/class/net/\(goal.interface)/ifindex")
        .map { String(decoding: $0, as: UTF8.self).filter { !$0.isWhitespace } }
      let link = try Interface.all().first { $0.name == goal.interface }
      let isReached = link.map { Self.isReached(goal, $0) } ?? false
      // networkctl(1)'s own source: sd_network_link_get_setup_state(3).
      var said = ""
      if let index, let text = try FileSystem.contents("/run/systemd/netif/links/\(index)") {
        said = String(decoding: text, as: UTF8.self)
      }
      down = link?.up == false ? down + 1 : 0
      // Without a cable nobody can be asked whether an address of IPv6 is taken, and networkd goes on waiting. Some
      // cards take seconds until they see theirs.
      let waits = goal.ipv6 != nil && down >= 25 && said.contains("ADMIN_STATE=configuring\n")
      let isConfigured = said.contains("ADMIN_STATE=configured\n") || waits
      seen = isReached && isConfigured ? seen + 1 : 0
      return seen >= 3 ? true : nil
    }
    return settled == true
  }

  /// In a container without the drivers somebody else has made it, and the kernel says nothing of it.
  private static func isMade(_ goal: LinkGoal, _ link: LinkState) -> Bool {
    guard let made = goal.made, let seen = link.made else { return true }
    return !made.replaces(seen) && made.lacking(in: seen).isEmpty
  }

  private static func has(_ ipv6: LinkGoal.IPv6, _ link: LinkState) -> Bool {
    guard link.ipv6?.contains(ipv6.text) == true else { return false }
    return ipv6.router.map { link.gateways6?.contains($0) == true } ?? true
  }

  private static func isReached(_ goal: LinkGoal, _ link: LinkState) -> Bool {
    link.addresses.contains("\(goal.address)/\(goal.prefix)")
      && (goal.gateway.map(link.gateways.contains) ?? true)
      && (goal.mtu ?? link.mtu) == link.mtu
      && (goal.ipv6.map { !link.up || has($0, link) } ?? true)
      && (goal.routes ?? []).allSatisfy { link.routes?.contains($0) == true }
      && isMade(goal, link)
  }
}

extension EnsureAddress: AgentOperation {
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    let wanted = "\(address)/\(prefix)"
    if try Interface.named(interface).held.contains(wanted) {
      return Outcome(changed: false, detail: "as desired already")
    }
    // As Pacemaker adds it: one of IPv6 is nobody's own, and what the head begins itself does not come from it.
    let how = address.isIPv6 ? ["preferred_lft", "0"] : ["broadcast", "+"]
    try await Command.checked(
      "ip", ["address", "add", wanted] + how + ["dev", interface],
      next: "Check `ip address show \(interface)` on the host.")
    guard !address.isIPv6 else { return Outcome(changed: true, detail: "\(interface) has \(wanted)") }
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

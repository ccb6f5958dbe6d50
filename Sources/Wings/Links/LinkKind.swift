// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// A network interface: its systemd.network(5) file, and the address and gateway that it has now.
///
/// - The file is what the next boot uses; the live state is what counts now. Both are looked at, either is put right.
/// - Other addresses on the link are left alone: service addresses come and go with Pacemaker, and those of IPv6 that
///   are not described, link-local ones and what follows from router advertisements, have others who look after them.
/// - A card that is not there, or has another MAC address than described, is not configured: its name is taken by
///   another card, or belongs to none.
/// - A VLAN or a bond is made of others by systemd-networkd, and need not be there yet: its systemd.netdev(5) file
///   comes before it. One that is there and is another is made anew.
/// - Removal takes the file away; the address goes with the next boot, since cutting it could cut the way to the host.
package enum LinkKind: ResourceKind {
  package static let name = "link"
  package static let removalRank = 25
  package static let travelsWithDisk = true

  package struct Desired: DesiredState {
    package var link: LinkGoal
    /// The card's hardware address. Nil: the description does not say.
    package var mac: MACAddress?
    /// The interface that carries this VLAN is made as well.
    package var carrierIsMade: Bool?

    package init(_ link: LinkGoal, mac: MACAddress? = nil, carrierIsMade: Bool? = nil) {
      self.link = link
      self.mac = mac
      self.carrierIsMade = carrierIsMade
    }
  }

  package struct Actual: Hashable, Sendable {
    /// The file's text; nil when there is none.
    package var file: String?
    /// The state of the link. Nil when the host has no such interface yet.
    package var link: LinkState?
  }

  package static func id(on host: HostID, _ interface: String) -> ResourceID { ResourceID(name, on: host, interface) }

  /// 10: before distribution defaults such as `80-container-host0.network`, which would otherwise match first.
  package static func path(_ interface: String) -> String { "/etc/systemd/network/10-cluster-\(interface).network" }
  /// The systemd.netdev(5) file of an interface that is made.
  package static func devicePath(_ interface: String) -> String {
    "/etc/systemd/network/10-cluster-\(interface).netdev"
  }
}

extension Resource {
  package static func link(
    on host: HostID, _ link: LinkGoal, mac: MACAddress? = nil, carrierIsMade: Bool? = nil, because: String,
    source: SourceSpan, after: [ResourceID] = []
  ) -> Resource {
    Resource(
      LinkKind.id(on: host, link.interface), LinkKind.Desired(link, mac: mac, carrierIsMade: carrierIsMade),
      because: because, source: source, after: after)
  }
}

extension LinkKind {
  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    [
      Question(id.onlyHost, FileProbe(path(desired.link.interface))),
      Question(id.onlyHost, LinksProbe()),
    ]
  }

  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    guard let state = try answers.answer(id.onlyHost, FileProbe(path(desired.link.interface))),
      let links = try answers.answer(id.onlyHost, LinksProbe())
    else { return nil }
    let file: String? =
      switch state {
      case .absent: nil
      case .file(let facts): facts.contents ?? ""
      case .link(let target): "a link to \(target)\n"
      case .other(let what): "a \(what)\n"
      }
    return Actual(file: file, link: try interface(desired, on: id.onlyHost, among: links))
  }

  /// The described interface. Nil for one that is made, and is not yet.
  private static func interface(
    _ desired: Desired, on host: HostID, among links: [LinkState]
  ) throws(Unreadable) -> LinkState? {
    guard let made = desired.link.made else { return try card(desired, on: host, among: links) }
    for part in made.parts where !links.contains(where: { $0.name == part }) {
      // A VLAN over a bond that is to be made as well waits for it.
      if made.isVLAN, desired.carrierIsMade == true { continue }
      // The lab gives a machine what is made of cards, and not the cards.
      if links.contains(where: { $0.name == desired.link.interface }) { continue }
      throw .failed(
        host,
        AgentError(
          .notFound, "\(host) has no card \(part), of which \(desired.link.interface) is made",
          next: "Correct `nics:`; `ip link` on \(host) lists its cards."))
    }
    return links.first { $0.name == desired.link.interface }
  }

  /// The described card. Throws when the host has none by that name, or one with another MAC address.
  private static func card(
    _ desired: Desired, on host: HostID, among links: [LinkState]
  ) throws(Unreadable) -> LinkState {
    let name = desired.link.interface
    let next = "Correct `nics:`; `ip link` on \(host) lists its cards."
    guard let link = links.first(where: { $0.name == name }) else {
      let others = links.filter { $0.name != "lo" }.map(\.name).joined(separator: ", ")
      throw .failed(host, AgentError(.notFound, "\(host) has no card \(name), only \(others)", next: next))
    }
    guard let mac = desired.mac, let seen = link.mac, seen != mac else { return link }
    let owner = links.first { $0.mac == mac }.map { "; \($0.name) has that one" } ?? ""
    throw .failed(
      host, AgentError(.conflict, "\(name) of \(host) has the MAC address \(seen), not \(mac)\(owner)", next: next))
  }
}

extension LinkKind {
  package static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: Actual?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    let goal = desired.link
    var drafts: [StepDraft] = []
    let text = contents(goal)
    if actual?.file != text {
      drafts.append(
        StepDraft(
          "write", on: id.onlyHost, EnsureFile(FileGoal(path: path(goal.interface), contents: .text(text))),
          because: actual?.file == nil
            ? "\(path(goal.interface)) does not exist" : "\(path(goal.interface)) has other contents",
          changes: UnifiedDiff.lines(old: actual?.file ?? "", new: text)))
    }
    let missing = missing(goal, actual?.link)
    if !missing.isEmpty || !drafts.isEmpty {
      let former = actual.map { leaving(goal, $0) } ?? []
      let routes = actual.map { leavingRoutes(goal, $0) } ?? []
      var step = goal
      step.former = former.isEmpty ? nil : former
      step.formerRoutes = routes.isEmpty ? nil : routes
      let routers = actual.map { leavingGateways6(goal, $0) } ?? []
      step.formerGateways6 = routers.isEmpty ? nil : routers
      drafts.append(
        StepDraft(
          "apply", on: id.onlyHost, EnsureLink(step),
          disruption: actual?.link == nil || missing.isEmpty ? .none : .reload,
          because: missing.isEmpty ? "\(path(goal.interface)) changes" : "\(goal.interface) lacks its settings",
          changes: missing + former.map { "- \($0.text)" } + routes.map { "- \($0)" }
            + routers.map { "- default via \($0)" }))
    }
    return drafts
  }

  package static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: Actual, _ context: PlanContext
  ) -> [StepDraft] {
    guard actual.file != nil else { return [] }
    let path = path(previous.link.interface)
    return [
      StepDraft(
        "remove", on: id.onlyHost, EnsureFileAbsent(path: path),
        because: "nothing in the spec asks for \(previous.link.interface) now; its address goes with the next boot",
        changes: ["- \(path)"])
    ]
  }

  /// The systemd.network(5) file. `KeepConfiguration` is what leaves service addresses alone when networkd restarts.
  package static func contents(_ goal: LinkGoal) -> String {
    var lines = [
      "# Written by cluster; changes made here are undone.",
      "[Match]",
      "Name=\(goal.interface)",
      "",
    ]
    if let mtu = goal.mtu { lines += ["[Link]", "MTUBytes=\(mtu)", ""] }
    lines += ["[Network]", "Address=\(goal.address)/\(goal.prefix)"]
    lines += (goal.vlans ?? []).map { "VLAN=\($0)" }
    if let gateway = goal.gateway { lines.append("Gateway=\(gateway)") }
    if let ipv6 = goal.ipv6 { lines += CardFiles.ipv6(ipv6) }
    // A card without carrier has its address all the same: Corosync looks for all of its own when it starts.
    lines += ["KeepConfiguration=yes", "ConfigureWithoutCarrier=yes"]
    if goal.ipv6?.gateway == .advertised { lines += CardFiles.routerAlone }
    lines += CardFiles.routing(
      goal.routes ?? [], table: goal.table, address: goal.address, prefix: goal.prefix)
    if let table = goal.table, let ipv6 = goal.ipv6 { lines += CardFiles.routing(ipv6, table: table) }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The addresses that its file has named before and it still has. What others have added is left alone.
  private static func leaving(_ goal: LinkGoal, _ actual: Actual) -> [LinkGoal.Former] {
    let wanted = ["\(goal.address)/\(goal.prefix)"] + (goal.ipv6.map { [$0.text] } ?? [])
    return addresses(actual.file ?? "")
      .filter { !wanted.contains($0) && actual.link?.held.contains($0) == true }.compactMap { LinkGoal.Former($0) }
  }

  /// The gateways of IPv6 that its file has named before and it still has.
  private static func leavingGateways6(_ goal: LinkGoal, _ actual: Actual) -> [IPv6Address] {
    (actual.file ?? "").split(separator: "\n").filter { $0.hasPrefix("Gateway=") }
      .compactMap { IPv6Address($0.dropFirst("Gateway=".count)) }
      .filter { $0 != goal.ipv6?.router && actual.link?.gateways6?.contains($0) == true }
  }

  /// The routes that its file has named before and it still has.
  private static func leavingRoutes(_ goal: LinkGoal, _ actual: Actual) -> [StaticRoute] {
    routes(actual.file ?? "").filter { route in
      goal.routes?.contains(route) != true && actual.link?.routes?.contains(route) == true
    }
  }

  /// The routes that a file of ours names, but for those in tables of their own.
  static func routes(_ text: String) -> [StaticRoute] {
    text.split(separator: "[Route]\n").dropFirst().compactMap { section in
      let lines = section.split(separator: "\n").prefix { !$0.hasPrefix("[") }
      func value(_ key: String) -> Substring? {
        lines.first { $0.hasPrefix(key + "=") }.map { $0.dropFirst(key.count + 1) }
      }
      guard let to = value("Destination").flatMap({ IPv4Network($0) }),
        let via = value("Gateway").flatMap({ IPv4Address($0) })
      else { return nil }
      return StaticRoute(to: to, via: via)
    }
  }

  /// The addresses that a systemd.network(5) file names.
  static func addresses(_ text: String) -> [String] {
    text.split(separator: "\n").filter { $0.hasPrefix("Address=") }.map { String($0.dropFirst("Address=".count)) }
  }

  /// A link that is down has a pulled cable or a dead switch: no step mends that, so it is not looked at here. Without
  /// a cable no neighbour can be asked for an address of IPv6, so it is not in use yet.
  private static func missing(_ goal: LinkGoal, _ link: LinkState?) -> [String] {
    let address = "\(goal.address)/\(goal.prefix)"
    var lines: [String] = []
    if link?.addresses.contains(address) != true { lines.append("+ \(address)") }
    if let gateway = goal.gateway, link?.gateways.contains(gateway) != true { lines.append("+ default via \(gateway)") }
    if let ipv6 = goal.ipv6, link?.up != false {
      if link?.ipv6?.contains(ipv6.text) != true { lines.append("+ \(ipv6.text)") }
      if let router = ipv6.router, link?.gateways6?.contains(router) != true { lines.append("+ default via \(router)") }
    }
    guard let link else { return lines }
    if let mtu = goal.mtu, let seen = link.mtu, seen != mtu { lines.append("~ mtu \(seen) -> \(mtu)") }
    if let seen = link.routes {
      lines += (goal.routes ?? []).filter { !seen.contains($0) }.map { "+ \($0)" }
    }
    if let made = goal.made, let seen = link.made {
      lines +=
        made.replaces(seen)
        ? ["~ \(seen.words) -> \(made.words)"] : made.lacking(in: seen).map { "+ \($0) in \(goal.interface)" }
    }
    return lines
  }
}

extension MadeInterface {
  package var words: String {
    switch self {
    case .vlan(let id, let link): "VLAN \(id) over \(link)"
    case .bond(let cards, let mode): "\(mode.rawValue) of \(cards.joined(separator: ", "))"
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// A network interface: its systemd.network(5) file, and the address and gateway that it has now.
///
/// - The file is what the next boot uses; the live state is what counts now. Both are looked at, either is put right.
/// - Other addresses on the link are left alone: service addresses come and go with Pacemaker.
/// - A card that is not there, or has another MAC address than described, is not configured: its name is taken by
///   another card, or belongs to none.
/// - Removal takes the file away; the address goes with the next boot, since cutting it could cut the way to the host.
package enum LinkKind: ResourceKind {
  package static let name = "link"
  package static let removalRank = 25
  package static let travelsWithDisk = true

  package struct Desired: DesiredState {
    package var link: LinkGoal
    /// The card's hardware address. Nil: the description does not say.
    package var mac: MACAddress?

    package init(_ link: LinkGoal, mac: MACAddress? = nil) {
      self.link = link
      self.mac = mac
    }
  }

  package struct Actual: Hashable, Sendable {
    /// The file's text; nil when there is none.
    package var file: String?
    /// The state of the link. Nil when the host has no such interface.
    package var link: LinkState?
  }

  package static func id(on host: HostID, _ interface: String) -> ResourceID { ResourceID(name, on: host, interface) }

  /// 10: before distribution defaults such as `80-container-host0.network`, which would otherwise match first.
  package static func path(_ interface: String) -> String { "/etc/systemd/network/10-cluster-\(interface).network" }
}

extension Resource {
  package static func link(
    on host: HostID, _ link: LinkGoal, mac: MACAddress? = nil, because: String, source: SourceSpan,
    after: [ResourceID] = []
  ) -> Resource {
    Resource(
      LinkKind.id(on: host, link.interface), LinkKind.Desired(link, mac: mac), because: because, source: source,
      after: after)
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
    return Actual(file: file, link: try card(desired, on: id.onlyHost, among: links))
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
      var step = goal
      step.former = former.isEmpty ? nil : former
      drafts.append(
        StepDraft(
          "apply", on: id.onlyHost, EnsureLink(step),
          disruption: actual?.link == nil || missing.isEmpty ? .none : .reload,
          because: missing.isEmpty ? "\(path(goal.interface)) changes" : "\(goal.interface) lacks its settings",
          changes: missing + former.map { "- \($0.text)" }))
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
      "[Network]",
      "Address=\(goal.address)/\(goal.prefix)",
    ]
    if let gateway = goal.gateway { lines.append("Gateway=\(gateway)") }
    // A card without carrier has its address all the same: Corosync looks for all of its own when it starts.
    if goal.ignoresRouters == true { lines.append("IPv6AcceptRA=no") }
    lines += ["KeepConfiguration=yes", "ConfigureWithoutCarrier=yes"]
    return lines.joined(separator: "\n") + "\n"
  }

  /// The addresses that its file has named before and it still has. What others have added is left alone.
  private static func leaving(_ goal: LinkGoal, _ actual: Actual) -> [LinkGoal.Former] {
    addresses(actual.file ?? "")
      .filter { $0 != "\(goal.address)/\(goal.prefix)" && actual.link?.addresses.contains($0) == true }
      .compactMap { LinkGoal.Former($0) }
  }

  /// The addresses that a systemd.network(5) file names.
  static func addresses(_ text: String) -> [String] {
    text.split(separator: "\n").filter { $0.hasPrefix("Address=") }.map { String($0.dropFirst("Address=".count)) }
  }

  /// A link that is down has a pulled cable or a dead switch: no step mends that, so it is not looked at here.
  private static func missing(_ goal: LinkGoal, _ link: LinkState?) -> [String] {
    let address = "\(goal.address)/\(goal.prefix)"
    var lines: [String] = []
    if link?.addresses.contains(address) != true { lines.append("+ \(address)") }
    if let gateway = goal.gateway, link?.gateways.contains(gateway) != true { lines.append("+ default via \(gateway)") }
    return lines
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The faults of the networks that machines boot from, as all heads see them.
package struct NetDoctor: Codable, Sendable {
  package struct Finding: Hashable, Codable, Sendable {
    package var network: String
    /// `dhcp`, `addresses`, `mtu`, `tftp`, `http`, `dns`, or `unknown` for what could not be looked at.
    package var check: String
    package var ok: Bool
    package var detail: String
    package var next: String?
    /// The heads that see it.
    package var heads: [String]
  }

  package var findings: [Finding]
  /// Heads that did not answer.
  package var silent: [String]
  package var isWell: Bool { findings.allSatisfy(\.ok) }

  private struct Look {
    var head: Head
    var served: ServedNetwork
    var probe: BootNetworkProbe
  }

  private static func looks(_ cluster: Cluster) -> [Look] {
    let served = ServedNetwork.all(in: cluster).filter { $0.network.relay == nil }
    return cluster.heads.flatMap { head in
      served.compactMap { served in
        guard let nic = head.nic(on: served.entry.name) else { return nil }
        let own = cluster.nodes.lazy.compactMap { node in
          node.nics.first { $0.network == served.network.name && $0.mac != nil }
        }
        let heads = cluster.heads.flatMap(\.nics) + cluster.nodes.flatMap(\.nics)
        var seen: Set<IPv4Address> = []
        let addresses =
          ((served.server.map { [$0] } ?? []) + heads.filter { $0.network == served.network.name }.map(\.address))
          .filter { seen.insert($0).inserted }
        return Look(
          head: head, served: served,
          probe: BootNetworkProbe(
            BootNetworkGoal(
              card: nic.name, mac: served.serves(.dhcp) ? own.first?.mac : nil, server: served.server,
              name: served.serves(.dns) ? cluster.primary.map { "\($0.name).\(cluster.domain)" } : nil,
              boots: served.serves(.boot), addresses: addresses)))
      }
    }
  }

  package static func questions(_ sight: ErrandSight) -> [Question] {
    looks(sight.cluster).map { Question($0.head.name, $0.probe) }
  }

  package init(_ sight: ErrandSight) {
    let cluster = sight.cluster
    var (all, silent): ([Finding], [String]) = ([], [])
    for look in Self.looks(cluster) {
      let network = look.served.network.name
      func add(_ check: String, _ ok: Bool, _ detail: String, _ next: String? = nil) {
        let head = look.head.name.name
        let finding = Finding(network: network, check: check, ok: ok, detail: detail, next: next, heads: [head])
        if let index = all.firstIndex(where: { $0.isSame(as: finding) }) {
          all[index].heads.append(head)
        } else {
          all.append(finding)
        }
      }
      do throws(Unreadable) {
        guard let seen = try sight.answers.answer(look.head.name, look.probe) ?? nil else {
          add("unknown", false, "\(look.head.name) has no card \(look.probe.goal.card)", "See `cluster plan`.")
          continue
        }
        let judge = Judge(cluster: cluster, head: look.head, served: look.served, goal: look.probe.goal, seen: seen)
        let isActive = look.head.name == sight.activeHead
        judge.offers(isActive: isActive, add)
        judge.owners(isActive: isActive, add)
        judge.rest(add)
      } catch {
        guard case .failed(_, let error) = error else {
          if !silent.contains(look.head.name.name) { silent.append(look.head.name.name) }
          continue
        }
        add("unknown", false, "\(look.head.name) cannot tell: \(error)", error.next)
      }
    }
    findings = all
    self.silent = silent
  }
}

extension NetDoctor.Finding {
  fileprivate func isSame(as other: Self) -> Bool {
    (network, check, ok, detail) == (other.network, other.check, other.ok, other.detail)
  }
}

/// The sight of one head, held against the description.
private struct Judge {
  typealias Add = (_ check: String, _ ok: Bool, _ detail: String, _ next: String?) -> Void

  let cluster: Cluster
  let head: Head
  let served: ServedNetwork
  let goal: BootNetworkGoal
  let seen: BootNetworkSight

  /// A head that answers itself says nothing of the way to it.
  func offers(isActive: Bool, _ add: Add) {
    guard served.serves(.dhcp) else { return }
    let ours = Set(
      cluster.heads.flatMap(\.nics).map(\.address) + cluster.networks.compactMap { cluster.server(of: $0) })
    let strangers = seen.offers.filter { !ours.contains($0.server) }
    for offer in strangers {
      let what = offer.address.bits == 0 ? "answers machines that boot" : "offers \(offer.address)"
      add(
        "dhcp", false,
        "\(offer.server) (\(offer.hardware)) \(what)" + (offer.file.map { " and the file “\($0)”" } ?? "")
          + ", and is no head",
        "Switch that DHCP server off, or keep it from this network: a machine takes the first answer.")
    }
    let own = seen.offers.first { ours.contains($0.server) }
    if let own {
      if strangers.isEmpty { add("dhcp", true, "only the heads answer; \(own.address) is offered", nil) }
    } else if goal.mac != nil, !isActive {
      add(
        "dhcp", false, "no head answers for \(name(of: goal.mac))",
        "See whether dnsmasq runs, `cluster status`, and whether a switch or firewall drops DHCP.")
    } else if strangers.isEmpty {
      add("dhcp", true, "nobody else answers", nil)
    }
  }

  func owners(isActive: Bool, _ add: Add) {
    var isWell = true
    for owner in seen.owners {
      let whose = whose(owner.address, isActive: isActive)
      let others = whose.isMine ? owner.machines : owner.machines.filter { $0 != whose.mac }
      let machines = owner.machines.map(\.description).joined(separator: " and ")
      if owner.machines.count > 1 || whose.isMine {
        add(
          "addresses", false, "\(owner.address) of \(whose.name) is also at \(machines)",
          "Find that machine by its MAC address in the switch's table, and give it another address.")
      } else if whose.mac != nil, !others.isEmpty {
        add(
          "addresses", false, "\(owner.address) of \(whose.name) is at \(machines), and not at its own MAC address",
          "If the card was replaced, write its MAC address into the description; else find that machine.")
      } else {
        continue
      }
      isWell = false
    }
    guard isWell, !goal.addresses.isEmpty else { return }
    add(
      "addresses", true,
      "\(goal.addresses.count) looked for, \(seen.owners.count) in use, each by one machine", nil)
  }

  private func whose(_ address: IPv4Address, isActive: Bool) -> (name: String, mac: MACAddress?, isMine: Bool) {
    for other in cluster.heads {
      if let nic = other.nics.first(where: { $0.address == address }) {
        return (other.name.name, nic.mac, other.name == head.name)
      }
    }
    for node in cluster.nodes {
      if let nic = node.nics.first(where: { $0.address == address }) { return (node.name.name, nic.mac, false) }
    }
    return ("the heads", nil, isActive)
  }

  func rest(_ add: Add) {
    let daemons = ["tftp": "dnsmasq", "dns": "dnsmasq", "http": "nginx"]
    for service in seen.services {
      let at = goal.server.map { " at \($0)" } ?? ""
      if let problem = service.problem {
        add(
          service.name, false, "nothing that a node can use\(at): \(problem)",
          "See `cluster status`, and \(daemons[service.name] ?? "the service") on the active head.")
      } else {
        add(service.name, true, "answers\(at)", nil)
      }
    }
    for address in seen.narrow {
      add(
        "mtu", false, "packets of \(seen.mtu) bytes do not reach \(address), smaller ones do",
        "Give all cards and switch ports of the network one MTU: `mtu:` in the description.")
    }
    if seen.narrow.isEmpty, seen.pinged > 0 {
      add("mtu", true, "packets of \(seen.mtu) bytes reach all \(seen.pinged) that were tried", nil)
    }
    for unknown in seen.unknown { add("unknown", false, unknown, "See whether the program is on \(head.name).") }
  }

  private func name(of mac: MACAddress?) -> String {
    guard let mac else { return "a machine" }
    let node = cluster.nodes.first { $0.nics.contains { $0.mac == mac } }
    return node.map { "\($0.name)" } ?? "\(mac)"
  }
}

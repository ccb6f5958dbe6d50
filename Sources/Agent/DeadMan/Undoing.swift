// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// Puts everything back that an unconfirmed change may have touched. Each part is tried whatever became of the others:
/// half a way to the host is better than none.
struct Undoing: Sendable {
  let change: GuardedChange?
  let images: BeforeImages
  let kept: [BeforeImages.Image]
  /// Nothing runs yet, and what is put back is about to be read.
  let isBoot: Bool

  /// Which unit reads what lies in a folder.
  static let readers = [
    "/etc/systemd/network": "systemd-networkd.service", "/etc/network": "networking.service",
    "/etc/NetworkManager": "NetworkManager.service", "/etc/ssh/": "ssh.service", "/etc/nftables": "nftables.service",
    "/etc/firewalld": "firewalld.service", "/etc/ufw": "ufw.service", "/etc/iptables": "netfilter-persistent.service",
  ]

  func run() async -> [AgentError] {
    var problems: [AgentError] = []
    func attempt(_ part: () async throws(AgentError) -> Void) async {
      do throws(AgentError) { try await part() } catch { problems.append(error) }
    }
    for image in kept where !(isBoot && image.isRemoval) {
      await attempt { () throws(AgentError) in try await images.restore(image) }
    }
    guard let change else { return problems }
    for unit in change.units {
      await attempt { () throws(AgentError) in
        try await enable(unit)
        if !isBoot { try await putBack(unit) }
      }
    }
    if isBoot { return problems }
    problems += await putBack(change.links, without: change.added)
    if let rules = change.firewall { await attempt { () throws(AgentError) in try await Firewall.restore(rules) } }
    return problems
  }

  private func enable(_ unit: GuardedChange.Unit) async throws(AgentError) {
    guard try await UnitProperties.read(unit.name).isEnabled != unit.enabled else { return }
    try await Command.checked(
      "systemctl", ["--quiet", unit.enabled ? "enable" : "disable", "--", unit.name],
      next: "Check `systemctl status \(unit.name)`.")
  }

  private func putBack(_ unit: GuardedChange.Unit) async throws(AgentError) {
    let now = try await UnitProperties.read(unit.name)
    let next = "Check `systemctl status \(unit.name)`."
    guard unit.running else {
      if now.isRunning || now.isMoving {
        try await Command.checked("systemctl", ["stop", "--", unit.name], deadline: .seconds(100), next: next)
      }
      return
    }
    if now.isRunning, unit.name == "systemd-networkd.service" {
      // It leaves alone what did not change; networkctl(1) needs D-Bus, which a small system may lack.
      if try await Command.run("networkctl", ["reload"]).succeeded { return }
      try await Command.checked("systemctl", ["restart", "--", unit.name], deadline: .seconds(100), next: next)
    } else {
      // A unit that failed too often is not started again otherwise.
      try await Command.checked("systemctl", ["reset-failed", "--", unit.name], next: next)
      try await Command.checked(
        "systemctl", ["reload-or-restart", "--", unit.name], deadline: .seconds(100), next: next)
    }
  }

  /// networkd puts back what its files say, in its own time; the rest by hand.
  private func putBack(_ links: LinkSnapshot, without added: LinkSnapshot.Address?) async -> [AgentError] {
    var problems: [AgentError] = []
    do throws(AgentError) {
      _ = try await poll(until: .seconds(5), every: .milliseconds(200)) { () async throws(AgentError) -> Bool? in
        try await links.isReached() ? true : nil
      }
    } catch { problems.append(error) }
    return problems + (await links.restore(without: added))
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

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
    Firewall.file: Firewall.unit, Firewall.unitFile: Firewall.unit,
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
    if let rules = change.firewall { await attempt { () throws(AgentError) in try await KernelRules.restore(rules) } }
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
  private func putBack(_ links: LinkSnapshot, without added: [LinkSnapshot.Address]) async -> [AgentError] {
    var problems: [AgentError] = []
    do throws(AgentError) {
      _ = try await poll(until: .seconds(5), every: .milliseconds(200)) { () async throws(AgentError) -> Bool? in
        try await links.isReached() ? true : nil
      }
    } catch { problems.append(error) }
    return problems + (await links.restore(without: added))
  }
}

/// A transient timer of systemd's that runs `cluster-agent undo ID`: it needs neither this process nor a connection.
enum UndoTimer {
  private static func unit(_ id: PendingChange.ID) -> String { "cluster-undo-\(id)" }

  static func start(_ id: PendingChange.ID, seconds: Int) async throws(AgentError) {
    let program = try FileSystem.program()
    try await Command.checked(
      "systemd-run",
      [
        "--quiet", "--collect", "--unit=\(unit(id))", "--on-active=\(seconds)s",
        // A timer may otherwise be a minute late: systemd.timer(5), AccuracySec=.
        "--timer-property=AccuracySec=100ms", "--property=Restart=on-failure", "--property=RestartSec=2s",
        "--property=StartLimitIntervalSec=0", "--",
        program, "undo", id.text,
      ],
      next:
        "Nothing was changed, because the change could not be undone. Check that systemd is PID 1 there and systemd-run is installed."
    )
  }

  /// One that cannot be stopped finds nothing to undo, or is just at it.
  static func stop(_ id: PendingChange.ID) async {
    _ = try? await Command.run("systemctl", ["--quiet", "stop", "--", "\(unit(id)).timer"], deadline: .seconds(20))
  }
}

/// Runs `cluster-agent undo --boot` before links, firewall and sshd come up. There only while something is unconfirmed.
enum BootUnit {
  private static let path = "/etc/systemd/system/cluster-undo.service"
  private static let link = "/etc/systemd/system/sysinit.target.wants/cluster-undo.service"

  static func install() async throws(AgentError) {
    let text = """
      # Written by cluster, and taken away when nothing waits to be confirmed.
      [Unit]
      Description=Undo changes that nobody has confirmed before this boot
      DefaultDependencies=no
      After=local-fs.target
      Before=network-pre.target systemd-networkd.service nftables.service \(Firewall.unit) ssh.service shutdown.target
      Wants=network-pre.target
      Conflicts=shutdown.target
      RequiresMountsFor=/var/lib/cluster /usr/lib/cluster

      [Service]
      Type=oneshot
      ExecStart=\(try FileSystem.program()) undo --boot

      """
    let present = try FileSystem.entry(path) == nil ? nil : try FileSystem.text(path)
    if present != text {
      try FileSystem.write(Array(text.utf8), to: path)
    }
    guard try FileSystem.entry(link) == nil else { return }
    try FileSystem.makeFolder(FileSystem.parent(link))
    // Not by systemctl(1): a reload of all units, for one that only the next boot needs.
    try await Command.checked("ln", ["-s", "--", path, link], next: "Check that /etc can be written.")
    try FileSystem.syncFolder(FileSystem.parent(link))
  }

  static func remove() async throws(AgentError) {
    try FileSystem.remove(link)
    try FileSystem.remove(path)
    try FileSystem.syncFolder(FileSystem.parent(path))
  }
}

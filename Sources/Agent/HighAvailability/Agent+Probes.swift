// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Pacemaker

extension Agent {
  func probeCorosync() async throws(AgentError) -> Answer {
    guard try await isActive("corosync.service") else { return .corosync(nil) }
    // Status 2 means: not quorate.
    let quorum = try await Command.run("corosync-quorumtool", ["-s"])
    guard quorum.status == 0 || quorum.status == 2 else {
      throw AgentError(
        .commandFailed, "Corosync does not say whether it is quorate", cause: quorum.lastLines,
        next: "Check `journalctl --unit corosync`.")
    }
    let next = "Check `journalctl --unit corosync`."
    let keys = try await Command.checked("corosync-cmapctl", [], next: next)
    let stats = try await Command.checked("corosync-cmapctl", ["-m", "stats"], next: next)
    return .corosync(
      CorosyncMap(parsing: keys.text).state(stats: CorosyncMap(parsing: stats.text), quorate: quorum.status == 0))
  }

  func probeCIB() async throws(AgentError) -> Answer {
    guard try await isActive("pacemaker.service") else { return .cib(nil) }
    return .cib(try await PacemakerTools.cib())
  }

  /// Where Pacemaker keeps it, as `pacemaker-based` says.
  private static let cibFile = "/var/lib/pacemaker/cib/cib.xml"

  func probeStoredCIB() throws(AgentError) -> Answer {
    guard try FileSystem.entry(Self.cibFile) != nil else { return .storedCIB(nil) }
    let text = String(decoding: try FileSystem.read(Self.cibFile), as: UTF8.self)
    do {
      return .storedCIB(try CIBDocument(parsing: text).stored)
    } catch {
      throw AgentError(
        .invalid, "\(Self.cibFile) cannot be read", cause: "\(error)",
        next: "Start Pacemaker, which renames it, or move it away.")
    }
  }

  func probeCrmMon() async throws(AgentError) -> Answer {
    guard try await isActive("pacemaker.service") else { return .crmMon(nil) }
    return .crmMon(try await PacemakerTools.status())
  }

  func probeFencing(head: HostID) async throws(AgentError) -> Answer {
    .fencing(try FencingRecords.read(head))
  }

  /// False also when there is no such unit.
  private func isActive(_ unit: String) async throws(AgentError) -> Bool {
    let shown = try await Command.checked(
      "systemctl", ["show", "--property", "ActiveState", "--value", unit], next: "Check `systemctl status`.")
    return ["active\n", "reloading\n"].contains(shown.text)
  }
}

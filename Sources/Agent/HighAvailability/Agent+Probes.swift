// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Pacemaker
import Wings
import XML

extension CorosyncProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> CorosyncState? {
    guard try await agent.isActive("corosync.service") else { return nil }
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
    return CorosyncMap(parsing: keys.text).state(
      stats: CorosyncMap(parsing: stats.text), quorate: quorum.status == 0, witness: QuorumTool.witness(quorum.text))
  }
}

extension CIBProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> String? {
    try await agent.isActive("pacemaker.service") ? try await PacemakerTools.cib() : nil
  }
}

extension StoredCIBProbe: AgentProbe {
  /// Where Pacemaker keeps it, as `pacemaker-based` says.
  private static let file = "/var/lib/pacemaker/cib/cib.xml"

  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> StoredCIB? {
    guard let bytes = try FileSystem.contents(Self.file) else { return nil }
    let text = String(decoding: bytes, as: UTF8.self)
    do throws(XMLError) { return try CIBDocument(parsing: text).stored } catch {
      throw AgentError(
        .invalid, "\(Self.file) cannot be read", cause: "\(error)",
        next: "Start Pacemaker, which renames it, or move it away.")
    }
  }
}

extension CrmMonProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> String? {
    try await agent.isActive("pacemaker.service") ? try await PacemakerTools.status() : nil
  }
}

extension FencingProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> FencingRecord? {
    try FencingRecords.read(key)
  }
}

extension Agent {
  /// False also when there is no such unit.
  fileprivate func isActive(_ unit: String) async throws(AgentError) -> Bool {
    let shown = try await Command.checked(
      "systemctl", ["show", "--property", "ActiveState", "--value", unit], next: "Check `systemctl status`.")
    return ["active\n", "reloading\n"].contains(shown.text)
  }
}

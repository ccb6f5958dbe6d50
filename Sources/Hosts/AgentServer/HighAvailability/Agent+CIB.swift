// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import FoundationEssentials
import Glibc
import HostAccess
import Pacemaker
import XML

extension Agent {
  /// Changes our elements of the CIB and nothing else, and returns when the cluster has taken them up.
  ///
  /// - Throws: `.deadline` when a member is not online or the cluster does not come to rest, `.invalid` when Pacemaker
  ///   would not accept the configuration, `.commandFailed` when a resource does not run with it.
  func ensureCIB(_ goal: CIBGoal, _ context: OperationContext) async throws(AgentError) -> Outcome {
    try await waitForMembers(goal.members, context)
    let live = try await PacemakerTools.parsedCIB()
    let differences = live.differences(goal)
    if !differences.isEmpty {
      context.progress("changing \(differences.count) elements of Pacemaker's configuration")
      try await apply(goal, to: live)
      let rest = try await PacemakerTools.parsedCIB().differences(goal)
      guard rest.isEmpty else {
        throw AgentError(
          .conflict, "Pacemaker's configuration is not as it was just written",
          cause: rest.flatMap(\.lines).joined(separator: "\n"),
          next: "Somebody changes the CIB at the same time: agree on who does, and apply again.")
      }
    }
    let recovered = try await settleResources(goal, context)
    let done = [
      differences.isEmpty ? nil : "changed \(differences.map(\.id).joined(separator: ", "))",
      recovered.isEmpty ? nil : "tried again: \(recovered.joined(separator: ", "))",
    ].compactMap { $0 }
    return Outcome(
      changed: !done.isEmpty, detail: done.isEmpty ? "as desired" : done.joined(separator: "; "))
  }

  /// A CIB changed by one half of a cluster would fence the other half, so all members have to be there.
  private func waitForMembers(_ members: [HostID], _ context: OperationContext) async throws(AgentError) {
    guard !members.isEmpty else { return }
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(120)
    var told: [String] = []
    while true {
      let status = try await PacemakerTools.parsedStatus()
      var missing = members.compactMap { member -> String? in
        guard let node = status.node(member.name) else { return "\(member) is not a member" }
        if node.unclean { return "\(member) failed and is not fenced yet" }
        if !node.online { return "\(member) is offline" }
        return node.pending ? "\(member) is joining" : nil
      }
      if missing.isEmpty, !status.quorate { missing = ["there is no quorum"] }
      if missing.isEmpty { return }
      if missing != told { context.progress("waiting: " + missing.joined(separator: ", ")) }
      told = missing
      guard clock.now < deadline else {
        throw AgentError(
          .deadline, "Not every head has joined the cluster within 120 s", cause: missing.joined(separator: ", "),
          next: "Look at `corosync-cfgtool -n` and `journalctl --unit corosync --unit pacemaker` on each head.")
      }
      try await PacemakerTools.pause(on: clock)
    }
  }

  private func apply(_ goal: CIBGoal, to live: CIBDocument) async throws(AgentError) {
    let wanted = try PacemakerTools.reading("The desired configuration") { () throws(XMLError) in
      try live.applying(goal)
    }
    let folder = try Self.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    // The old one is written by us too, so that the patch holds nothing but our own edits.
    let (old, new) = (folder + "/live.xml", folder + "/wanted.xml")
    try Self.write(live.root.indented, to: old)
    try Self.write(wanted.root.indented, to: new)
    try await PacemakerTools.verify(new)
    guard let patch = try await PacemakerTools.difference(from: old, to: new) else { return }
    try await PacemakerTools.patch(patch)
  }

  /// Waits for the cluster to come to rest, tries what has failed once more, and gives the names of those.
  private func settleResources(_ goal: CIBGoal, _ context: OperationContext) async throws(AgentError) -> [String] {
    let ours = Set(goal.elements.filter { $0.section == .resources }.map(\.id))
    context.progress("waiting for Pacemaker to come to rest")
    try await PacemakerTools.settle(within: 90)
    let failed = try await PacemakerTools.parsedStatus().stopped(among: ours)
    guard !failed.isEmpty else { return [] }
    for resource in failed {
      context.progress("trying \(resource.id) again")
      try await PacemakerTools.cleanUp(resource.id)
    }
    try await PacemakerTools.settle(within: 90)
    let status = try await PacemakerTools.parsedStatus()
    let still = status.stopped(among: ours)
    guard still.isEmpty else {
      let names = still.map(\.id).joined(separator: ", ")
      let reasons = status.failures.filter { failure in still.contains { $0.id == failure.resource } }
        .map { "\($0.operation) on \($0.node): \($0.reason.isEmpty ? $0.status : $0.reason)" }
      throw AgentError(
        .commandFailed, "\(names) \(still.count == 1 ? "does" : "do") not run under Pacemaker",
        cause: reasons.isEmpty ? nil : reasons.joined(separator: "\n"),
        next: "Look at `crm_mon --one-shot --failcounts` and the units' journals on the heads, and apply again.")
    }
    return failed.map(\.id)
  }

  private static func temporaryFolder() throws(AgentError) -> String {
    var template = Array("/run/cluster-cib.XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw AgentError(
        .permission, "A temporary folder cannot be made in /run", cause: String(cString: strerror(errno)),
        next: "Look at `df /run`.")
    }
    return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  private static func write(_ text: String, to path: String) throws(AgentError) {
    do {
      try Data(text.utf8).write(to: URL(filePath: path))
    } catch {
      throw AgentError(.diskFull, "\(path) cannot be written", cause: "\(error)", next: "Look at `df /run`.")
    }
  }
}

extension ClusterStatus {
  /// Resources that are to run, and do not.
  fileprivate func stopped(among ours: Set<String>) -> [Resource] {
    guard !maintenance else { return [] }
    return resources.filter { ours.contains($0.id) && !$0.active && $0.managed && $0.targetRole != "Stopped" }
  }
}

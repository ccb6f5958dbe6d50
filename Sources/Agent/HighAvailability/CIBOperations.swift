// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import FoundationEssentials
import Glibc
import HostAccess
import Pacemaker
import Wings
import XML

extension EnsureCIB: AgentOperation {
  /// Changes our elements of the CIB and nothing else, and returns when the cluster has taken them up.
  ///
  /// - Throws: `.deadline` when a member is not online or the cluster does not come to rest, `.invalid` when Pacemaker
  ///   would not accept the configuration, `.commandFailed` when a resource does not run with it.
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    try await waitForMembers(goal.members, context)
    var live = try await PacemakerTools.parsedCIB()
    let differences = live.differences(goal)
    if !differences.isEmpty {
      context.progress("changing \(differences.count) elements of Pacemaker's configuration")
      if let stopped = try await stopRemoved(differences, in: live, context) { live = stopped }
      let early = goal.withoutRules(on: goal.attributesUnset(in: live))
      if early != goal {
        try await PacemakerTools.apply(early, to: live)
        live = try await awaitAttributes(context)
      }
      try await PacemakerTools.apply(goal, to: live)
      let rest = try await PacemakerTools.parsedCIB().differences(goal)
      guard rest.isEmpty else {
        throw AgentError(
          .conflict, "Pacemaker's configuration is not as it was just written",
          cause: rest.flatMap(\.lines).joined(separator: "\n"),
          next: "Someone else is changing the CIB at the same time: agree on who does, then apply again.")
      }
    }
    let recovered = try await settleResources(goal, context)
    let done = [
      differences.isEmpty ? nil : "changed \(Self.named(differences.map(\.id)))",
      recovered.isEmpty ? nil : "tried again: \(recovered.joined(separator: ", "))",
    ].compactMap { $0 }
    return Outcome(
      changed: !done.isEmpty, detail: done.isEmpty ? "as desired" : done.joined(separator: "; "))
  }

  private static func named(_ ids: [String]) -> String {
    let ids = ids.filter { $0 != CIBDocument.registry }
    return ids.count > 5 ? "\(ids.count) elements" : ids.joined(separator: ", ")
  }

  /// Waits until every member has told the attributes that rules ask for, and gives the CIB of that moment.
  ///
  /// A rule that comes first moves services to the head that happens to tell first.
  private func awaitAttributes(_ context: OperationContext) async throws(AgentError) -> CIBDocument {
    context.progress("waiting for each head to tell the carriers of its cards")
    if let live = try await told() { return live }
    // Fence devices come first, one after the other, and a slow BMC or head takes half a minute for each.
    context.progress("waiting for Pacemaker to come to rest, and for each head to tell the carriers of its cards")
    _ = try await PacemakerTools.settle(within: Int(Self.resting.components.seconds))
    if let live = try await told() { return live }
    let missing = goal.attributesUnset(in: try await PacemakerTools.parsedCIB())
    throw AgentError(
      .deadline, "Not every head tells the carriers of its cards",
      cause: "missing: " + missing.sorted().joined(separator: ", "),
      next: "Check `crm_mon --one-shot --show-node-attributes --failcounts`; maintenance mode (`cluster ha resume`) "
        + "keeps Pacemaker from starting what tells them.")
  }

  /// The CIB with all attributes. Nil: they were not told in time.
  private func told() async throws(AgentError) -> CIBDocument? {
    try await poll(until: Self.telling, every: .milliseconds(250)) { () throws(AgentError) -> CIBDocument? in
      let live = try await PacemakerTools.parsedCIB()
      return goal.attributesUnset(in: live).isEmpty ? live : nil
    }
  }

  /// A CIB changed by one half of a cluster would fence the other half, so all members have to be there.
  private func waitForMembers(_ members: [HostID], _ context: OperationContext) async throws(AgentError) {
    guard !members.isEmpty else { return }
    var missing: [String] = []
    let joined = try await poll(until: Self.joining, every: .milliseconds(250)) { () throws(AgentError) -> Bool? in
      let now = try await PacemakerTools.parsedStatus().missing(of: members)
      if now.isEmpty { return true }
      if now != missing { context.progress("waiting: " + now.joined(separator: ", ")) }
      missing = now
      return nil
    }
    guard joined != nil else {
      throw AgentError(
        .deadline, "Not every head has joined the cluster within \(Self.joining.components.seconds) s",
        cause: missing.joined(separator: ", "),
        next: "Check `corosync-cfgtool -n` and `journalctl --unit corosync --unit pacemaker` on each head.")
    }
  }

  /// Waits for the cluster to come to rest, tries what has failed once more, and gives the names of those.
  private func settleResources(_ goal: CIBGoal, _ context: OperationContext) async throws(AgentError) -> [String] {
    let ours = Set(goal.elements.filter { $0.section == .resources }.map(\.id))
    context.progress("waiting for Pacemaker to come to rest")
    let seconds = Int(Self.resting.components.seconds)
    let atRest = try await PacemakerTools.settle(within: seconds)
    let failed = try await PacemakerTools.parsedStatus().down(among: ours)
    if failed.isEmpty, atRest { return [] }
    for resource in failed {
      context.progress("trying \(resource.id) again")
      try await PacemakerTools.cleanUp(resource.id)
    }
    let restored = try await PacemakerTools.settle(within: seconds)
    let status = try await PacemakerTools.parsedStatus()
    let still = status.down(among: ours).map(\.id)
    guard still.isEmpty, restored else {
      let reasons = status.failures.map {
        "\($0.operation) on \($0.node): \($0.reason.isEmpty ? $0.status : $0.reason)"
      }
      throw AgentError(
        still.isEmpty ? .deadline : .commandFailed,
        still.isEmpty
          ? "Pacemaker does not come to rest"
          : "\(still.joined(separator: ", ")) \(still.count == 1 ? "does" : "do") not run under Pacemaker",
        cause: reasons.isEmpty ? nil : reasons.joined(separator: "\n"),
        next: "Check `crm_mon --one-shot --failcounts` and the units' journals on the heads, then apply again.")
    }
    return failed.map(\.id)
  }
}

extension PacemakerTools {
  /// Changes a CIB as a goal says, and nothing else in it.
  static func apply(_ goal: CIBGoal, to live: CIBDocument) async throws(AgentError) {
    let wanted = try reading("The desired configuration") { () throws(XMLError) in
      try live.applying(goal)
    }
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    // The old one is written by us too, so that the patch holds nothing but our own edits.
    let (old, new) = (folder + "/live.xml", folder + "/wanted.xml")
    try write(live.root.indented, to: old)
    try write(wanted.root.indented, to: new)
    try await verify(new)
    guard let patch = try await difference(from: old, to: new) else { return }
    try await Self.patch(patch)
  }

  private static func temporaryFolder() throws(AgentError) -> String {
    var template = Array("/run/cluster-cib.XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw AgentError(
        .permission, "A temporary folder cannot be made in /run", cause: String(cString: strerror(errno)),
        next: "Check `df /run`.")
    }
    return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  private static func write(_ text: String, to path: String) throws(AgentError) {
    do {
      try Data(text.utf8).write(to: URL(filePath: path))
    } catch {
      throw AgentError(.diskFull, "\(path) cannot be written", cause: "\(error)", next: "Check `df /run`.")
    }
  }
}

extension ClusterStatus {
  /// Why the members are not all there.
  fileprivate func missing(of members: [HostID]) -> [String] {
    let missing = members.compactMap { member -> String? in
      guard let node = node(member.name) else { return "\(member) is not a member" }
      // Before the first election nobody has joined, and everybody counts as unclean.
      if node.unclean && quorate { return "\(member) failed and is not fenced yet" }
      if !node.online { return "\(member) is offline" }
      return node.pending ? "\(member) is joining" : nil
    }
    return missing.isEmpty && !quorate ? ["there is no quorum"] : missing
  }

  /// Resources that are to run, and do not.
  fileprivate func down(among ours: Set<String>) -> [Resource] {
    guard !maintenance else { return [] }
    return resources.filter {
      ours.contains($0.id) && ($0.role != "Started" || $0.failed) && $0.managed && $0.targetRole != "Stopped"
    }
  }
}

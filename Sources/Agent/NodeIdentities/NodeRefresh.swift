// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension EnsureNodesRefreshed: AgentOperation {
  /// Seconds that a node tries to reach the heads: they have just answered.
  private static let reaching = 20

  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    guard let tags = try NodeIdentityFiles.readNote()?.nodes else {
      throw AgentError(.notFound, "This head has no identities of nodes", next: "Run `cluster apply`.")
    }
    let reports = try BootLog.reports()
    let due = goal.nodes.filter { node in
      tags[node.place.name.name].map { reports.report(of: node.mac)?.identity != $0 } ?? false
    }
    if due.isEmpty { return Outcome(changed: false, detail: "they have it already") }
    try NodeCommands.requireKey()
    let began = ContinuousClock.now
    let login = NodeLogin(keeping: 16 << 10)
    let failures = await NodeBatch.each(due.map(\.place), context.progress) { place in
      await Self.refresh(place, tags[place.name.name] ?? "", login)
    }.compactMap(\.self)
    if Task.isCancelled { throw .stopped }
    let milliseconds = Int((ContinuousClock.now - began) / .milliseconds(1))
    guard failures.isEmpty else { throw Self.failure(failures, of: due.count) }
    try await heard(due, tags)
    return Outcome(changed: true, detail: "refreshed \(due.count) nodes in \(milliseconds.asSeconds)")
  }

  /// Has one node fetch its identity. Nil: it has it, and says so.
  private static func refresh(
    _ place: NodePlace, _ tag: String, _ login: NodeLogin
  ) async -> (node: HostID, error: AgentError)? {
    do throws(AgentError) {
      let ended = try await login.run(
        [WellKnown.nodeIdentityProgram, "\(reaching)"], on: place.name, at: place.address,
        deadline: .seconds(patience))
      let lines = String(decoding: ended.stdout, as: UTF8.self).split(separator: "\n")
      if ended.succeeded, lines.last == "identity \(tag)" { return nil }
      let said = String(decoding: ended.stderr.suffix(2000), as: UTF8.self)
      throw AgentError(
        .commandFailed, "\(place.name) could not take its identity",
        cause: said.isEmpty ? "it ended with \(ended.status), and another identity" : said,
        next: "Look there: `journalctl -u cluster-identity`, and run \(WellKnown.nodeIdentityProgram).")
    } catch { return (place.name, error) }
  }

  /// Nodes report at once; nginx writes that down a moment after it has answered.
  private func heard(_ due: [NodeRefreshGoal.Node], _ tags: [String: String]) async throws(AgentError) {
    _ = try await poll(until: .seconds(5)) { () throws(AgentError) -> Bool? in
      let reports = try BootLog.reports()
      return due.allSatisfy { reports.report(of: $0.mac)?.identity == tags[$0.place.name.name] } ? true : nil
    }
  }

  private static func failure(_ failures: [(node: HostID, error: AgentError)], of count: Int) -> AgentError {
    let first = failures[0].error
    if failures.count == 1 { return first }
    return AgentError(
      first.code,
      "\(failures.count) of \(count) nodes have not taken their identity: \(HostlistText.fold(failures.map(\.node)))",
      cause: "the first: \(first)", next: first.next)
  }
}

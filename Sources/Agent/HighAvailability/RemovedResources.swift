// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Pacemaker
import Wings
import XML

extension EnsureCIB {
  /// Stops the resources that the goal takes away, with everything else as the goal has it.
  ///
  /// - Returns: the CIB to take them from; nil where there are none.
  /// - Throws: `.deadline` where one of them still runs.
  func stopRemoved(
    _ differences: [CIBDifference], in live: CIBDocument, _ context: OperationContext
  ) async throws(AgentError) -> CIBDocument? {
    let early = goal.withoutRules(on: goal.attributesUnset(in: live))
    guard let stopping = early.stoppingFirst(in: live) else { return nil }
    let going = differences.filter { $0.change == .removed }.map(\.id)
    context.progress("stopping what is described no more")
    try await PacemakerTools.apply(stopping, to: live)
    _ = try await PacemakerTools.settle(within: Int(Self.resting.components.seconds))
    let then = try await PacemakerTools.parsedCIB()
    let names = Self.primitives(of: going, in: then)
    let running = try await PacemakerTools.parsedStatus().resources.filter { names.contains($0.id) && $0.active }
    guard running.isEmpty else {
      let still = Set(running.map(\.id)).sorted().joined(separator: ", ")
      throw AgentError(
        .deadline, "\(still) cannot be taken away: Pacemaker has not stopped it",
        next: "In maintenance mode it stops nothing: run `cluster ha resume`. Otherwise check "
          + "`crm_mon --one-shot --failcounts`. Then apply again.")
    }
    return then
  }

  /// The resources themselves, of clones and groups those inside.
  private static func primitives(of ids: [String], in cib: CIBDocument) -> Set<String> {
    var names: Set<String> = []
    for id in ids {
      cib.element(id, in: .resources)?.visit { if $0.name == "primitive", let id = $0.id { names.insert(id) } }
    }
    return names
  }
}

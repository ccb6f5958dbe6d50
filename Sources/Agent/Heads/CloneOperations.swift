// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension EnsureCapture: AgentOperation {
  /// Always captures anew: what an earlier capture holds is not what this head holds now.
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    let facts = try await HeadCaptureRun(recipe: goal, context: context).run()
    return Outcome(
      changed: true,
      detail:
        "captured this head for \(goal.clone): \(LocalFiles.mebibytes(facts.bytes)), sha256 \(facts.sha256.prefix(12))"
    )
  }
}

extension EnsureClone: AgentOperation {
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    if let record = try CaptureStore.record(goal.head) {
      return Outcome(changed: false, detail: "\(goal.head) was installed from \(record.capture.prefix(12))")
    }
    let start = ContinuousClock.now
    let record = try await CloneInstallation(goal, context).run()
    let seconds = (ContinuousClock.now - start).components.seconds
    return Outcome(
      changed: true,
      detail: "installed \(goal.head) from \(record.capture.prefix(12)) in \(seconds) s; it answers on SSH")
  }
}

extension EnsureCloneAbsent: AgentOperation {
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    try await CaptureStore.forget(head)
      ? Outcome(changed: true, detail: "forgot \(head)")
      : Outcome(changed: false, detail: "nothing is noted of \(head)")
  }
}

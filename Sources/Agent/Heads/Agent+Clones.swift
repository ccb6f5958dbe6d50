// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

extension Agent {
  func probeClone(head: HostID) async throws(AgentError) -> Answer { .clone(try CaptureStore.record(head)) }

  /// Always captures anew: what an earlier capture holds is not what this head holds now.
  func ensureCapture(_ recipe: CaptureRecipe, _ context: OperationContext) async throws(AgentError) -> Outcome {
    let facts = try await HeadCaptureRun(recipe: recipe, context: context).run()
    return Outcome(
      changed: true,
      detail:
        "captured this head for \(recipe.clone): \(LocalFiles.mebibytes(facts.bytes)), sha256 \(facts.sha256.prefix(12))"
    )
  }

  func ensureClone(_ goal: CloneGoal, _ context: OperationContext) async throws(AgentError) -> Outcome {
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

  func ensureCloneAbsent(head: HostID, _ context: OperationContext) async throws(AgentError) -> Outcome {
    try await CaptureStore.forget(head)
      ? Outcome(changed: true, detail: "forgot \(head)")
      : Outcome(changed: false, detail: "nothing is noted of \(head)")
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Testing

/// What is said of a step that several rounds of one run have planned.
@Suite struct RoundsTests {
  private func report(_ step: StepID, _ result: StepReport.Result, at started: Int?) -> StepReport {
    StepReport(step: step, host: "head1", result: result, startedAt: started, seconds: 0, attempts: 1)
  }

  private let changed = StepReport.Result.done(Outcome(changed: true, detail: "restarted"))
  private let failed = StepReport.Result.failed(AgentError(.diskFull, "full", next: "Make room."))

  @Test func theLaterRoundCounts() {
    let (first, second) = (report(StepID("a"), changed, at: 1), report(StepID("a"), failed, at: 2))

    #expect([first].followed(by: [second]) == [second])
    #expect([second].followed(by: [first]) == [first])
  }

  @Test(arguments: [StepReport.Result.blocked(by: StepID("b")), .notStarted])
  func whatWasDoneStaysDoneWhenALaterRoundDoesNotComeToIt(_ result: StepReport.Result) {
    let (first, second) = (report(StepID("a"), changed, at: 1), report(StepID("a"), result, at: nil))
    let other = report(StepID("b"), failed, at: 2)

    #expect([first].followed(by: [other, second]) == [first, other])
    #expect([second].followed(by: [first]) == [first])
    #expect([second].followed(by: [second]) == [second])
  }

  @Test func stepsOfOneRoundAloneAreKept() {
    let (one, two) = (report(StepID("a"), changed, at: 1), report(StepID("b"), failed, at: 2))

    #expect([one].followed(by: [two]) == [one, two])
  }
}

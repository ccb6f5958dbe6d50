// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Observation

/// A step whose operation has done its part, and that waits for what others bring about.
struct ExpectingStep<Instant: InstantProtocol>: Sendable where Instant.Duration == Duration {
  let step: Step
  let expectation: Expectation
  /// The outcome of the operation itself.
  let outcome: Outcome
  let attempts: Int
  /// Seconds since 1970.
  let startedAt: Int
  let began: Instant
  /// When the operation had done its part.
  let since: Instant
  /// When the host told last how things stand.
  var answered: Instant

  func report(_ result: StepReport.Result, at now: Instant) -> StepReport {
    StepReport(
      step: step.id, host: step.host, result: result, startedAt: startedAt,
      seconds: began.duration(to: now) / .seconds(1), attempts: attempts)
  }

  /// - Parameter words: what was seen in the end.
  func met(_ words: String) -> StepReport.Result { .done(Outcome(changed: outcome.changed, detail: words)) }
}

/// Looks for what steps wait for: one question to each host, however many wait there.
struct Lookout<C: Clock>: Sendable where C.Duration == Duration {
  typealias Waiting = ExpectingStep<C.Instant>

  /// How the steps stand after a look.
  struct View: Sendable {
    var waiting: [Waiting] = []
    var waits: [StepID: Wait] = [:]
    var over: [(step: Step, report: StepReport)] = []
  }

  let executor: Executor<C>

  func look(at steps: [Waiting]) async -> View {
    var view = View()
    let answers = await ask(
      Dictionary(grouping: steps, by: \.step.host).mapValues { Array(Set($0.map(\.expectation.probe))) })
    for var one in steps {
      let now = executor.clock.now
      let waited = Int(one.since.duration(to: now) / .seconds(1))
      do throws(AgentError) {
        let standing = try one.expectation.judge(answer(one, answers), waited)
        one.answered = now
        switch standing {
        case .met(let words): view.over.append((one.step, one.report(one.met(words), at: now)))
        case .failed(let error):
          let explained = await explain(error, one)
          view.over.append((one.step, one.report(.failed(explained), at: executor.clock.now)))
        case .waiting(let wait):
          view.waits[one.step.id] = wait
          view.waiting.append(one)
        }
      } catch {
        // A head that is away for a moment has not made the machine fail that it was to tell of.
        if one.answered.duration(to: now) < executor.policy.patience {
          view.waiting.append(one)
        } else {
          view.over.append((one.step, one.report(.unknown(error), at: now)))
        }
      }
    }
    return view
  }

  private func answer(_ one: Waiting, _ inventory: Inventory) throws(AgentError) -> AnyAnswer {
    switch inventory.hosts[one.step.host] {
    case .answered(let answers):
      guard let answer = answers[one.expectation.probe] else { throw .unanswered }
      return answer
    case .unreachable(let error): throw error
    case nil: throw .noConnection(to: one.step.host)
    }
  }

  private func explain(_ error: AgentError, _ one: Waiting) async -> AgentError {
    let probes = one.expectation.diagnosis
    if probes.isEmpty { return error }
    guard case .answered(let answers)? = await ask([one.step.host: probes]).hosts[one.step.host] else { return error }
    return one.expectation.explain(error, answers)
  }

  private func ask(_ questions: [HostID: [AnyProbe]]) async -> Inventory {
    await Observer(secrets: executor.secrets, clock: executor.clock, now: executor.now)
      .observe(questions, hosts: executor.hosts)
  }
}

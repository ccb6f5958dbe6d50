// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Observation

/// A step that has begun.
struct StartedStep<Instant: InstantProtocol>: Sendable where Instant.Duration == Duration {
  let step: Step
  /// Seconds since 1970.
  let startedAt: Int
  let began: Instant

  func report(_ result: StepReport.Result, attempts: Int, at now: Instant) -> StepReport {
    StepReport(
      step: step.id, host: step.host, result: result, startedAt: startedAt,
      seconds: began.duration(to: now) / .seconds(1), attempts: attempts)
  }
}

/// A step whose operation has done its part, and that waits for what others bring about.
struct ExpectingStep<Instant: InstantProtocol>: Sendable where Instant.Duration == Duration {
  let started: StartedStep<Instant>
  let expectation: Expectation
  /// The outcome of the operation itself.
  let outcome: Outcome
  let attempts: Int
  /// When the operation had done its part.
  let since: Instant
  /// When the host told last how things stand.
  var answered: Instant

  var step: Step { started.step }

  func report(_ result: StepReport.Result, at now: Instant) -> StepReport {
    started.report(result, attempts: attempts, at: now)
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
    var over: [StepReport] = []
  }

  let executor: Executor<C>

  func look(at steps: [Waiting]) async -> View {
    var view = View()
    var failed: [(one: Waiting, error: AgentError)] = []
    let answers = await ask(steps) { [$0.expectation.probe] }
    for var one in steps {
      let now = executor.clock.now
      let waited = Int(one.since.duration(to: now) / .seconds(1))
      do throws(AgentError) {
        let standing = try one.expectation.judge(answer(one, answers), waited)
        one.answered = now
        switch standing {
        case .met(let words): view.over.append(one.report(one.met(words), at: now))
        case .failed(let error): failed.append((one, error))
        case .waiting(let wait):
          view.waits[one.step.id] = wait
          view.waiting.append(one)
        }
      } catch {
        // A head that is away for a moment has not made the machine fail that it was to tell of.
        if one.answered.duration(to: now) < executor.policy.patience {
          view.waiting.append(one)
        } else {
          view.over.append(one.report(.unknown(error), at: now))
        }
      }
    }
    view.over += await explained(failed)
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

  /// The reasons with what a diagnosis finds: asked for all at once, since each may take its time to say nothing.
  private func explained(_ failed: [(one: Waiting, error: AgentError)]) async -> [StepReport] {
    if failed.isEmpty { return [] }
    let found = await ask(failed.map(\.one)) { $0.expectation.diagnosis }
    return failed.map { one, error in
      var reason = error
      if case .answered(let answers)? = found.hosts[one.step.host] { reason = one.expectation.explain(error, answers) }
      return one.report(.failed(reason), at: executor.clock.now)
    }
  }

  private func ask(_ steps: [Waiting], _ probes: (Waiting) -> [AnyProbe]) async -> Inventory {
    let questions = Dictionary(grouping: steps, by: \.step.host).mapValues { Array(Set($0.flatMap(probes))) }
    return await Observer(secrets: executor.secrets, clock: executor.clock, now: executor.now)
      .observe(questions.filter { !$0.value.isEmpty }, hosts: executor.hosts)
  }
}

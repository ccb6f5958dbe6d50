// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Execution
import Wings

/// The progress of a run, round by round.
///
/// A run may bring to light what could not be seen before (a host that was away, a unit that took up a new
/// configuration): such steps are carried out too, in a round of their own, as far as the consent reaches.
struct Rounds: Sendable {
  let request: RunRequest
  /// The proposal made under the lease, which is carried out first.
  let agreed: Proposal
  /// The site as seen after the last step; when looking failed, as seen before it.
  var latest: Proposal
  /// The outcome of all rounds as one. Before the first it says that nothing was done.
  private(set) var outcome: RunOutcome
  /// The resources that were removed because nothing asks for them any more, and that no record lists as gone yet.
  private(set) var takenAway: Set<ResourceID> = []
  /// The resources of which a round has begun a step. The last look may not tell of them: a host was away by then.
  private(set) var touched: Set<ResourceID> = []
  /// The error that kept the run from going on, or from looking again, after it had begun. Nil: none.
  private(set) var endedBy: ReconcileError?
  private var number = 0

  init(_ request: RunRequest, _ agreed: Proposal, under lease: HeldRun) {
    self.request = request
    self.agreed = agreed
    latest = agreed
    outcome = lease.nothingDone
  }

  /// More rounds than this mean that two resources undo each other's work.
  private static let most = 4

  var hasBegun: Bool { number > 0 }

  func goOn(within consent: Consent) -> Bool {
    endedBy == nil && outcome.result == .done && !latest.plan.steps.isEmpty && number < Self.most
      && consent.covers(latest.plan)
  }

  mutating func add(_ next: RunOutcome) {
    number += 1
    takenAway.formUnion(latest.plan.takenAway(by: next))
    let started = Set(next.steps.lazy.filter { $0.startedAt != nil }.map(\.step))
    touched.formUnion(latest.plan.steps.lazy.filter { started.contains($0.id) }.map(\.resource))
    outcome = number == 1 ? next : outcome.followed(by: next)
  }

  mutating func end(by error: ReconcileError, at now: Int) {
    endedBy = error
    outcome = outcome.ended(by: error, at: now)
  }
}

extension Reconciler {
  /// Carries out what was seen last. Throws only when nothing was begun; whatever comes up later ends the run, and what
  /// was done is looked at and recorded all the same.
  func execute(
    _ rounds: inout Rounds, _ lease: HeldRun, _ events: @escaping Telling
  ) async throws(ReconcileError) {
    let proposal = rounds.latest
    do throws(ReconcileError) {
      try check(proposal)
      try await checkAgents(proposal.plan)
      let managing = try managing(proposal)
      do throws(ExecutionError) { rounds.add(try await lease.carryOut(proposal.plan, managing: managing)) } catch {
        throw .execution(error)
      }
    } catch {
      if !rounds.hasBegun { throw error }
      end(&rounds, error, events)
    }
  }

  func lookAgain(_ rounds: inout Rounds, _ events: @escaping Telling) async {
    if rounds.endedBy != nil { return }
    do throws(ReconcileError) {
      rounds.latest =
        if let errand = rounds.request.errand {
          try plan(errand, try await observe(rounds.request))
        } else { try await propose(rounds.agreed.terms, without: rounds.takenAway) }
    } catch { end(&rounds, error, events) }
  }

  private func end(_ rounds: inout Rounds, _ error: ReconcileError, _ events: Telling) {
    events(.event(.stopping("\(error)")))
    rounds.end(by: error, at: now())
  }
}

extension RunOutcome {
  /// One outcome of two rounds of the same run.
  fileprivate func followed(by next: RunOutcome) -> RunOutcome {
    RunOutcome(
      run: run, generation: next.generation, earlierGenerations: generations, holder: holder, result: next.result,
      startedAt: startedAt, finishedAt: next.finishedAt, steps: steps.followed(by: next.steps))
  }

  /// This outcome of a run that was to go on and could not. It never counts as done, whatever its steps say.
  fileprivate func ended(by error: ReconcileError, at now: Int) -> RunOutcome {
    var outcome = self
    outcome.finishedAt = now
    if case .execution(.lease(let refused)) = error, refused.code == .staleGeneration {
      outcome.result = .superseded
    } else if outcome.result == .done {
      outcome.result = .partial
    }
    return outcome
  }
}

extension Plan {
  /// The resources that a run removed because nothing asks for them any more. What is still there of them was not ours,
  /// and stays. What heads have that leave is let go when all is done that their leaving means for the others. What is
  /// removed first can come back while the rest is there.
  func takenAway(by outcome: RunOutcome) -> Set<ResourceID> {
    let done = Set(outcome.steps.filter(\.succeeded).map(\.step))
    let pruned = steps.filter { $0.prunes && KindCatalog.all[$0.resource.kind]?.isRemovedFirst != true }
    let gone = Set(pruned.map(\.resource)).subtracting(pruned.filter { !done.contains($0.id) }.map(\.resource))
    return outcome.result == .done ? gone.union(leaving.flatMap(\.resources)) : gone
  }
}

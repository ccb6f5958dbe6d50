// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// The only code that looks at a host and changes it. It always works on the machine that it runs on.
package struct Agent: ManagedHost {
  package let id: HostID

  let leases: LeaseStore
  let deadMan: DeadManSwitch

  package init(id: HostID, leases: LeaseStore = LeaseStore(), deadMan: DeadManSwitch = DeadManSwitch()) {
    self.id = id
    self.leases = leases
    self.deadMan = deadMan
  }

  package func answer(_ probes: [AnyProbe], secrets: Secrets) async throws(AgentError) -> [AnyProbe: AnyAnswer] {
    var shared: [AnyProbe] = []
    var others: [AnyProbe] = []
    var subjects = SharedFacts.Subjects()
    for probe in probes {
      let own = (probe.probe as? any AgentProbe)?.shares ?? SharedFacts.Subjects()
      if own.isEmpty { others.append(probe) } else { shared.append(probe) }
      subjects.formUnion(own)
    }
    async let facts = SharedFacts.gather(subjects)
    let first = await answers(others, ProbeContext(secrets: secrets, facts: SharedFacts()))
    return await first.merging(answers(shared, ProbeContext(secrets: secrets, facts: facts))) { first, _ in first }
  }

  private func answers(_ probes: [AnyProbe], _ context: ProbeContext) async -> [AnyProbe: AnyAnswer] {
    await withTaskGroup(of: (AnyProbe, AnyAnswer).self) { group in
      var waiting = probes.makeIterator()
      var answers: [AnyProbe: AnyAnswer] = [:]
      func startNext() {
        guard let probe = waiting.next() else { return }
        group.addTask { (probe, await answer(probe, context)) }
      }
      // Most probes wait for a program; more than this only makes them wait for each other.
      for _ in 0..<8 { startNext() }
      while let (probe, answer) = await group.next() {
        answers[probe] = answer
        startNext()
      }
      return answers
    }
  }

  private func answer(_ probe: AnyProbe, _ context: ProbeContext) async -> AnyAnswer {
    guard let known = probe.probe as? any AgentProbe else { return .failed(.unanswered) }
    return await answer(known, context)
  }

  private func answer<P: AgentProbe>(_ probe: P, _ context: ProbeContext) async -> AnyAnswer {
    do throws(AgentError) { return AnyAnswer(P.self, try await probe.answer(on: self, context)) } catch {
      return .failed(error)
    }
  }

  package func operations() async throws(AgentError) -> Set<String> { Set(AgentCatalog.operations.names) }

  package func perform(
    _ operation: AnyOperation, secrets: Secrets, run: RunToken, progress: @escaping @Sendable (String) -> Void
  ) async throws(AgentError) -> Outcome {
    try await holding(run) { () throws(AgentError) in
      // When a connection was lost, its agent may still be at this very operation: wait for it, then find it done.
      let turn = try await OperationTurn.taken(for: operation, progress)
      defer { withExtendedLifetime(turn) {} }
      return try await performGuarded(operation, run, OperationContext(secrets: secrets, progress: progress))
    }
  }

  package func close() async {}
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// Asks many hosts at once, no more than `limit` at a time, and waits for each no longer than `deadline`.
package struct Observer<C: Clock>: Sendable where C.Duration == Duration {
  private let secrets: any SecretStore
  private let deadline: Duration
  private let limit: Int
  private let clock: C
  /// Seconds since 1970.
  private let now: @Sendable () -> Int

  package init(
    secrets: any SecretStore, deadline: Duration = .seconds(60), limit: Int = 32, clock: C = ContinuousClock(),
    now: @escaping @Sendable () -> Int
  ) {
    self.secrets = secrets
    self.deadline = deadline
    self.limit = max(1, limit)
    self.clock = clock
    self.now = now
  }

  /// One request to each host, with all of its probes. `hosts` are the ways to them; one without a way is unreachable.
  package func observe(_ questions: [HostID: [AnyProbe]], hosts: [HostID: any Host]) async -> Inventory {
    let found = await withTaskGroup(of: (HostID, Inventory.Host).self) { group in
      var found: [HostID: Inventory.Host] = [:]
      var waiting = questions.sorted { $0.key < $1.key }[...]
      func next() {
        guard let (id, probes) = waiting.popFirst() else { return }
        guard let host = hosts[id] else {
          found[id] = .unreachable(.noWay(to: id))
          return next()
        }
        group.addTask { (id, await ask(host, probes)) }
      }
      for _ in 0..<limit { next() }
      while let (id, answer) = await group.next() {
        found[id] = answer
        next()
      }
      return found
    }
    return Inventory(hosts: found, observedAt: now())
  }

  private func ask(_ host: any Host, _ probes: [AnyProbe]) async -> Inventory.Host {
    let question = Questioning(probes, secrets)
    do {
      let answers = try await withDeadline(
        deadline, clock: clock,
        orThrow: AgentError(
          .unreachable, "\(host.id) did not answer within \(deadline)",
          next: "Check whether \(host.id) is overloaded: log in and run `uptime`. Then try again.")
      ) { () throws(AgentError) in try await host.answer(question.sent, secrets: question.secrets) }
      return .answered(question.answers(answers))
    } catch {
      return .unreachable(error)
    }
  }
}

extension AgentError {
  fileprivate static func noWay(to host: HostID) -> AgentError {
    AgentError(
      .unreachable, "there is no way to \(host): the spec does not name it",
      next: "Put \(host) back into the spec, or remove what is left on it yourself.")
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

// Observation: asks probes of hosts and collects what they say into an `Inventory`.
//
// Start at `Observer`. A host that does not answer is recorded with its reason; nothing is thrown, and nothing is
// taken to be absent because it could not be seen. Observing changes no host and makes no secret.

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
  package func observe(_ questions: [HostID: [AnyProbe]], hosts: [HostID: any ManagedHost]) async -> Inventory {
    let found = await withTaskGroup(of: (HostID, Inventory.Host).self) { group in
      var found: [HostID: Inventory.Host] = [:]
      var waiting = questions.sorted { $0.key < $1.key }[...]
      func next() {
        guard let (id, probes) = waiting.popFirst() else { return }
        guard let host = hosts[id] else {
          found[id] = .unreachable(.noConnection(to: id))
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

  private func ask(_ host: any ManagedHost, _ probes: [AnyProbe]) async -> Inventory.Host {
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
  fileprivate static func noConnection(to host: HostID) -> AgentError {
    AgentError(
      .unreachable, "there is no way to \(host): the spec does not name it",
      next: "Put \(host) back into the spec, or remove what is left on it yourself.")
  }
}

/// The probes for one host with the secrets they need, and what the answers then mean.
///
/// A secret that is not in the store cannot be compared with a file. One that we generate just does not exist yet, and
/// looking must not make it: then the file is either absent or different. Any other one has to be brought first.
struct Questioning {
  let sent: [AnyProbe]
  let secrets: Secrets
  private let asked: [AnyProbe]
  /// The answers that are known without asking.
  private var known: [AnyProbe: AnyAnswer] = [:]
  /// Probes that are asked in place of others.
  private var substitutes: [AnyProbe: SubstituteProbe] = [:]

  init(_ probes: [AnyProbe], _ store: any SecretStore) {
    var values: [SecretRef: [UInt8]] = [:]
    var sent: [AnyProbe] = []
    for probe in probes {
      do throws(AgentError) {
        let needs = probe.secrets
        for ref in needs.refs where values[ref] == nil { values[ref] = try store.value(ref) }
        let missing = needs.refs.filter { values[$0] == nil }
        if !missing.isEmpty { substitutes[probe] = try Self.substitute(needs, missing) }
        sent.append(substitutes[probe]?.probe ?? probe)
      } catch {
        known[probe] = .failed(error)
      }
    }
    asked = probes
    self.sent = sent
    secrets = Secrets(values)
  }

  private static func substitute(_ needs: ProbeSecrets, _ missing: [SecretRef]) throws(AgentError) -> SubstituteProbe {
    if let own = missing.first(where: { !$0.isGenerated }) { throw .missing(own) }
    guard case .compares(_, let substitute) = needs else { throw .missing(missing[0]) }
    return substitute
  }

  /// The answers to the probes that were to be asked. A host that leaves one out has not answered it.
  func answers(_ received: [AnyProbe: AnyAnswer]) -> [AnyProbe: AnyAnswer] {
    // The usual case, and thousands of them.
    if known.isEmpty && substitutes.isEmpty { return received }
    var answers = known
    for probe in asked where answers[probe] == nil {
      if let substitute = substitutes[probe] {
        answers[probe] = received[substitute.probe].map(substitute.meaning)
      } else {
        answers[probe] = received[probe]
      }
    }
    return answers
  }
}

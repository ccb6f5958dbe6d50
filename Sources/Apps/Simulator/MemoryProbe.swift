// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

/// A probe with the way in which a machine in memory answers it: by the rules of the real agent.
protocol MemoryProbe: Probe {
  func answer(of asked: AskedMachine) throws(AgentError) -> Answer
}

/// The probes of the wings that machines in memory can answer: all of them, as a test checks.
package enum MemoryCatalog {
  package static let probes = ProbeCatalog(ProbeCatalog.all.all.filter { $0 is any MemoryProbe.Type })
}

/// A machine that is asked, in the site that it is part of.
struct AskedMachine {
  let machine: FakeMachine
  let id: HostID
  let world: FakeWorld
  let secrets: Secrets

  func answer(_ probe: AnyProbe) -> AnyAnswer {
    if machine.faults.deafTo.contains(probe.name) {
      return .failed(AgentError(.commandFailed, "\(probe.name) cannot be determined", next: "Check the host."))
    }
    guard let known = probe.probe as? any MemoryProbe else { return .failed(.unanswered) }
    return answer(known)
  }

  private func answer<P: MemoryProbe>(_ probe: P) -> AnyAnswer {
    do throws(AgentError) { return AnyAnswer(P.self, try probe.answer(of: self)) } catch { return .failed(error) }
  }
}

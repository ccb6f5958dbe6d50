// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// What a host answers and does, once it is known to be there.
extension FakeWorld {
  /// Each probe's answer, or that the host does not answer at all.
  package func answers(
    _ probes: [AnyProbe], on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> [AnyProbe: AnyAnswer] {
    // Looked up once: a machine is much to copy.
    let asked = AskedMachine(machine: try machine(host), id: host, world: self, secrets: secrets)
    var answers: [AnyProbe: AnyAnswer] = Dictionary(minimumCapacity: probes.count)
    for probe in probes { answers[probe] = asked.answer(probe) }
    return answers
  }
}

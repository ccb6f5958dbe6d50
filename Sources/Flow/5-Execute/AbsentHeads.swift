// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// Asks the heads that answer about those that do not.
struct AbsentHeads<C: Clock>: Sendable where C.Duration == Duration {
  let hosts: [HostID: any ManagedHost]
  let witness: HeadWitness
  let secrets: any SecretStore
  /// The heads that the administrator knows to be off.
  let without: Set<HostID>
  let clock: C
  /// Seconds since 1970.
  let now: @Sendable () -> Int

  /// Whether a run can be at work on a head that does not answer, as `others` know.
  func judge(_ silent: HostID, by others: Set<HostID>) async -> Absence {
    if without.contains(silent) { return .cannotHold }
    var states: [HostID: Inventory.Host] = [:]
    for (id, probes) in witness.questions(silent).sorted(by: { $0.key < $1.key }) where others.contains(id) {
      guard let host = hosts[id] else { continue }
      states[id] = await ask(host, probes)
    }
    return witness.judge(silent, Inventory(hosts: states, observedAt: now()))
  }

  private func ask(_ host: any ManagedHost, _ probes: [AnyProbe]) async -> Inventory.Host {
    do throws(AgentError) {
      let known = try known(probes)
      return .answered(
        try await withDeadline(.seconds(20), clock: clock, orThrow: .slow(host.id)) { () throws(AgentError) in
          try await host.answer(probes, secrets: known)
        })
    } catch { return .unreachable(error) }
  }

  private func known(_ probes: [AnyProbe]) throws(AgentError) -> Secrets {
    var values: [SecretRef: [UInt8]] = [:]
    for ref in probes.flatMap(\.secrets.refs) { values[ref] = try secrets.value(ref) }
    return Secrets(values)
  }
}

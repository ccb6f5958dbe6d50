// SPDX-License-Identifier: Apache-2.0

/// What was observed, by host. A host that did not answer is unknown, not empty.
package struct Inventory: Sendable {
  package enum Host: Hashable, Sendable {
    case answered([Probe: Answer])
    case unreachable(AgentError)
  }

  package var hosts: [HostID: Host]
  /// Seconds since 1970, when the observation ended.
  package var observedAt: Int

  package init(hosts: [HostID: Host], observedAt: Int) {
    self.hosts = hosts
    self.observedAt = observedAt
  }
}

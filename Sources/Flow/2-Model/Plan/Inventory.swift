// SPDX-License-Identifier: Apache-2.0

/// What was observed, by host. A host that did not answer is unknown, not empty.
package struct Inventory: Sendable {
  package enum Host: Hashable, Sendable {
    case answered([AnyProbe: AnyAnswer])
    case unreachable(AgentError)

    package static func knowing(_ answers: (AnyProbe, AnyAnswer)...) -> Host {
      .answered(Dictionary(answers) { first, _ in first })
    }
  }

  package var hosts: [HostID: Host]
  /// Seconds since 1970, when the observation ended.
  package var observedAt: Int

  package init(hosts: [HostID: Host], observedAt: Int) {
    self.hosts = hosts
    self.observedAt = observedAt
  }

  package func isReachable(_ host: HostID) -> Bool {
    switch hosts[host] {
    case .answered: true
    case .unreachable, nil: false
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// The host's own name, static and live.
///
/// Removal changes nothing: a machine cannot be without a name, and what it was called before is not known.
package enum HostnameKind: ResourceKind {
  package static let name = "hostname"
  package static let removalRank = 40

  package struct Desired: DesiredState {
    package var hostname: String

    package init(_ hostname: String) { self.hostname = hostname }
  }

  package struct Actual: Hashable, Sendable { package var hostname: String }

  package static func id(on host: HostID) -> ResourceID { ResourceID(name, on: host, host.name) }
}

extension Resource {
  package static func hostname(
    on host: HostID, because: String, source: SourceSpan, after: [ResourceID] = []
  ) -> Resource {
    Resource(
      HostnameKind.id(on: host), HostnameKind.Desired(host.name), because: because, source: source, after: after)
  }
}

extension HostnameKind {
  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    [Question(id.onlyHost, SystemProbe())]
  }

  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    try answers.answer(id.onlyHost, SystemProbe()).map { Actual(hostname: $0.hostname) }
  }
}

extension HostnameKind {
  package static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: Actual?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    if actual?.hostname == desired.hostname { return [] }
    return [
      StepDraft(
        "set", on: id.onlyHost, EnsureHostname(desired.hostname),
        because: actual.map { "the host calls itself \($0.hostname)" } ?? "the host has no name yet",
        changes: ["\(actual?.hostname ?? "") -> \(desired.hostname)"])
    ]
  }

  package static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: Actual, _ context: PlanContext
  ) -> [StepDraft] { [] }
}

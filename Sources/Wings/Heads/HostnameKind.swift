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

/// Sets the host name, now and for the next boot.
package struct EnsureHostname: GoalOperation {
  package static let name = "ensureHostname"

  package let goal: String
  package init(_ goal: String) { self.goal = goal }

  package var secrets: Set<SecretRef> { [] }
  package var machine: HostID? { nil }
  package func claims(on host: HostID) -> [Claim] { [.hostname(host)] }
  package var lockout: Lockout { .impossible }
  package var impact: Impact { .machine(nil) }
  package var isRemoval: Bool { false }

  package var timing: OperationTiming {
    OperationTiming(expectedSeconds: 0.1, varies: false, deadline: .seconds(60), lane: nil)
  }
  package var expectation: Expectation? { nil }

  package var target: String { goal }
  package func title(verb: String, machines: String) -> String { "set the host name \(goal)" }
  package var counting: CountingWords { CountingWords("set", "host name", "host names") }
  package var undoing: String { "an older spec puts the old setting back, with the same interruption again." }
}

/// Name, machine id, boot time, operating system.
package struct SystemProbe: Probe {
  package typealias Answer = SystemState

  package static let name = "system"

  package init() {}

  package var words: String { "system" }
  package var secrets: ProbeSecrets { .none }

  package func recorded(_ system: SystemState, _ nodes: NodeNames) -> [ObservedLines] {
    [ObservedLines("system", explained(system, nodes))]
  }

  package func explained(_ system: SystemState, _ nodes: NodeNames) -> [String] {
    ["hostname \(system.hostname)", "os \(system.operatingSystem)"]
  }
}

package struct SystemState: Hashable, Codable, Sendable {
  package var hostname: String
  package var machineID: String
  /// `PRETTY_NAME` of os-release(5).
  package var operatingSystem: String
  /// Changes with every boot: `/proc/sys/kernel/random/boot_id`, or the start time of PID 1 in a container.
  package var bootID: String
  package var uptimeSeconds: Double

  package init(hostname: String, machineID: String, operatingSystem: String, bootID: String, uptimeSeconds: Double) {
    self.hostname = hostname
    self.machineID = machineID
    self.operatingSystem = operatingSystem
    self.bootID = bootID
    self.uptimeSeconds = uptimeSeconds
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// The program behind our resource agents: the agent itself, under a name that does not change with its version.
///
/// The agents' scripts name it as their interpreter. It is another name of the file that `cluster` has copied to the
/// head, and takes no room.
package enum ResourceAgentsKind: ResourceKind {
  package static let name = "resource-agents"
  package static let removalRank = 20
  package static let travelsWithDisk = true
  package static let path = "/usr/lib/cluster/ocf"

  package struct Desired: DesiredState { package init() {} }

  package typealias Actual = ResourceAgentsState

  package static func id(on host: HostID) -> ResourceID { ResourceID(name, on: host, path) }

  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    [Question(id.onlyHost, ResourceAgentsProbe())]
  }

  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    let state = try answers.answer(id.onlyHost, ResourceAgentsProbe())
    return state == .absent ? nil : state
  }

  package static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: Actual?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    if actual == .current { return [] }
    return [
      StepDraft(
        "install", on: id.onlyHost, EnsureResourceAgents(present: true),
        because: actual == nil ? "\(path) does not exist" : "\(path) is of another version",
        changes: [actual == nil ? "+ \(path)" : "\(path): the agent of this version"])
    ]
  }

  package static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: Actual, _ context: PlanContext
  ) -> [StepDraft] {
    [
      StepDraft(
        "remove", on: id.onlyHost, EnsureResourceAgents(present: false),
        because: "nothing in the spec asks for \(path) now", changes: ["- \(path)"])
    ]
  }
}

extension Resource {
  package static func resourceAgents(
    on host: HostID, because: String, source: SourceSpan, after: [ResourceID]
  ) -> Resource {
    Resource(
      ResourceAgentsKind.id(on: host), ResourceAgentsKind.Desired(), because: because, source: source, after: after)
  }
}

/// The program behind the resource agents, compared with the agent that is asked.
package struct ResourceAgentsProbe: Probe {
  package typealias Answer = ResourceAgentsState

  package static let name = "resourceAgents"

  package init() {}

  package var words: String { "resource agents" }
  package var secrets: ProbeSecrets { .none }

  package func recorded(_ state: ResourceAgentsState, _ nodes: NodeNames) -> [ObservedLines] {
    [ObservedLines("files", explained(state, nodes))]
  }

  package func explained(_ state: ResourceAgentsState, _ nodes: NodeNames) -> [String] {
    ["\(ResourceAgentsKind.path) \(state.rawValue)"]
  }
}

package enum ResourceAgentsState: String, Hashable, Codable, CaseIterable, Sendable {
  case absent
  /// It is the program that answers.
  case current
  /// It is another one, of another version as a rule.
  case other
}

/// Puts the agent under the name that the resource agents' scripts call, or takes that name away.
package struct EnsureResourceAgents: HostOperation {
  package static let name = "ensureResourceAgents"

  package let present: Bool
  package init(present: Bool) { self.present = present }

  package var secrets: Set<SecretRef> { [] }
  package var machine: HostID? { nil }
  package func claims(on host: HostID) -> [Claim] { [.path(host, ResourceAgentsKind.path)] }
  package var lockout: Lockout { .impossible }
  package var impact: Impact { .nothing }
  package var isRemoval: Bool { !present }

  package var timing: OperationTiming {
    OperationTiming(expectedSeconds: 0.2, varies: false, deadline: .seconds(60), lane: nil)
  }
  package var expectation: Expectation? { nil }

  package var target: String { ResourceAgentsKind.path }
  package func title(verb: String, machines: String) -> String {
    "\(present ? "install" : "remove") the resource agents' program"
  }
  package var counting: CountingWords {
    CountingWords(present ? "install" : "remove", "resource agents' program", "resource agents' programs")
  }
  package var undoing: String { "an older version of `cluster` puts its own there." }
}

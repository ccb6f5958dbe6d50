// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension EnsurePackages: MachineOperation {
  package var usualTime: Duration { .seconds(12) }
  package var mayEndReports: Bool { false }
  func perform(in machine: inout FakeMachine, _ secrets: Secrets) throws(AgentError) -> Outcome {
    try machine.ensurePackages(goal)
  }
}

extension EnsurePackagesAbsent: MachineOperation {
  package var usualTime: Duration { .seconds(4) }
  package var mayEndReports: Bool { false }
  func perform(in machine: inout FakeMachine, _ secrets: Secrets) throws(AgentError) -> Outcome {
    try machine.ensurePackagesAbsent(goal)
  }
}

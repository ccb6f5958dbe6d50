// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension EnsurePackages: MachineOperation {
  package var conduct: MemoryConduct { .short(.seconds(12), mayEndReports: false) }
  func perform(in machine: inout FakeMachine, _ secrets: Secrets) throws(AgentError) -> Outcome {
    try machine.ensurePackages(goal)
  }
}

extension EnsurePackagesAbsent: MachineOperation {
  package var conduct: MemoryConduct { .short(.seconds(4), mayEndReports: false) }
  func perform(in machine: inout FakeMachine, _ secrets: Secrets) throws(AgentError) -> Outcome {
    try machine.ensurePackagesAbsent(goal)
  }
}

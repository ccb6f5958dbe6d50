// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension EnsureUnit: MachineOperation {
  package var conduct: MemoryConduct { .short(.milliseconds(800), mayEndReports: goal.name == "nginx.service") }
  func perform(in machine: inout FakeMachine, _ secrets: Secrets) throws(AgentError) -> Outcome {
    try machine.ensureUnit(goal)
  }
}

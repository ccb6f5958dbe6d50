// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension EnsureUnit: MachineOperation {
  package var usualTime: Duration { .milliseconds(800) }
  package var mayEndReports: Bool { goal.name == "nginx.service" }
  func perform(in machine: inout FakeMachine, _ secrets: Secrets) throws(AgentError) -> Outcome {
    try machine.ensureUnit(goal)
  }
}

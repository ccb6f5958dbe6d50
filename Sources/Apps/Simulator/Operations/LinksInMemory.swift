// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension EnsureLink: MachineOperation {
  package var conduct: MemoryConduct { .short(.milliseconds(300), mayEndReports: true) }
  func perform(in machine: inout FakeMachine, _ secrets: Secrets) throws(AgentError) -> Outcome {
    try machine.ensureLink(goal)
  }
}

extension EnsureAddress: MachineOperation {
  package var conduct: MemoryConduct { .short(.milliseconds(300), mayEndReports: true) }
  func perform(in machine: inout FakeMachine, _ secrets: Secrets) throws(AgentError) -> Outcome {
    try machine.ensureAddress(interface: interface, address: address, prefix: prefix)
  }
}

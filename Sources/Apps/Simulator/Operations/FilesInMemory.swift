// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension EnsureFile: MachineOperation {
  package var conduct: MemoryConduct { .short(.milliseconds(5), mayEndReports: goal.path == "/etc/nginx/nginx.conf") }
  func perform(in machine: inout FakeMachine, _ secrets: Secrets) throws(AgentError) -> Outcome {
    try machine.ensureFile(goal)
  }
}

extension EnsureSecretFile: MachineOperation {
  package var conduct: MemoryConduct { .short(.milliseconds(5), mayEndReports: false) }
  func perform(in machine: inout FakeMachine, _ secrets: Secrets) throws(AgentError) -> Outcome {
    try machine.ensureSecretFile(goal, secrets)
  }
}

extension EnsureSymbolicLink: MachineOperation {
  package var conduct: MemoryConduct { .short(.milliseconds(5), mayEndReports: false) }
  func perform(in machine: inout FakeMachine, _ secrets: Secrets) throws(AgentError) -> Outcome {
    try machine.ensureSymbolicLink(path: path, target: destination)
  }
}

extension EnsureFileAbsent: MachineOperation {
  package var conduct: MemoryConduct { .short(.milliseconds(5), mayEndReports: false) }
  func perform(in machine: inout FakeMachine, _ secrets: Secrets) throws(AgentError) -> Outcome {
    try machine.ensureFileAbsent(path: path)
  }
}

extension EnsureTree: MachineOperation {
  package var conduct: MemoryConduct { .short(.milliseconds(40), mayEndReports: false) }
  func perform(in machine: inout FakeMachine, _ secrets: Secrets) throws(AgentError) -> Outcome {
    try machine.ensureTree(goal)
  }
}

extension EnsureTreeAbsent: MachineOperation {
  package var conduct: MemoryConduct { .short(.milliseconds(40), mayEndReports: false) }
  func perform(in machine: inout FakeMachine, _ secrets: Secrets) throws(AgentError) -> Outcome {
    try machine.ensureTreeAbsent(root: root)
  }
}

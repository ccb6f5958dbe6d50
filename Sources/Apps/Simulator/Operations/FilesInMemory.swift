// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension EnsureFile: MachineOperation {
  package var usualTime: Duration { .milliseconds(5) }
  package var mayEndReports: Bool { goal.path == "/etc/nginx/nginx.conf" }
  func perform(in machine: inout FakeMachine, _ secrets: Secrets) throws(AgentError) -> Outcome {
    try machine.ensureFile(goal)
  }
}

extension EnsureSecretFile: MachineOperation {
  package var usualTime: Duration { .milliseconds(5) }
  package var mayEndReports: Bool { false }
  func perform(in machine: inout FakeMachine, _ secrets: Secrets) throws(AgentError) -> Outcome {
    try machine.ensureSecretFile(goal, secrets)
  }
}

extension EnsureSymbolicLink: MachineOperation {
  package var usualTime: Duration { .milliseconds(5) }
  package var mayEndReports: Bool { false }
  func perform(in machine: inout FakeMachine, _ secrets: Secrets) throws(AgentError) -> Outcome {
    try machine.ensureSymbolicLink(path: path, target: destination)
  }
}

extension EnsureFileAbsent: MachineOperation {
  package var usualTime: Duration { .milliseconds(5) }
  package var mayEndReports: Bool { false }
  func perform(in machine: inout FakeMachine, _ secrets: Secrets) throws(AgentError) -> Outcome {
    try machine.ensureFileAbsent(path: path)
  }
}

extension EnsureTree: MachineOperation {
  package var usualTime: Duration { .milliseconds(40) }
  package var mayEndReports: Bool { false }
  func perform(in machine: inout FakeMachine, _ secrets: Secrets) throws(AgentError) -> Outcome {
    try machine.ensureTree(goal)
  }
}

extension EnsureTreeAbsent: MachineOperation {
  package var usualTime: Duration { .milliseconds(40) }
  package var mayEndReports: Bool { false }
  func perform(in machine: inout FakeMachine, _ secrets: Secrets) throws(AgentError) -> Outcome {
    try machine.ensureTreeAbsent(root: root)
  }
}

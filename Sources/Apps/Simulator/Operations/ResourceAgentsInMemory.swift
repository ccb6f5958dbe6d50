// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension EnsureResourceAgents: MachineOperation {
  package var conduct: MemoryConduct { .short(.milliseconds(50), mayEndReports: false) }
  func perform(in machine: inout FakeMachine, _ secrets: Secrets) throws(AgentError) -> Outcome {
    let path = ResourceAgentsKind.path
    guard present else {
      let was = machine.files.removeValue(forKey: path)
      return Outcome(changed: was != nil, detail: "\(path) is not there")
    }
    if machine.resourceAgents == .current { return Outcome(changed: false, detail: "as desired already") }
    machine.files[path] = .init(bytes: FakeMachine.agent, mode: 0o755)
    return Outcome(changed: true, detail: "\(path) is this version")
  }
}

extension ResourceAgentsProbe: MemoryProbe {
  func answer(of asked: AskedMachine) -> ResourceAgentsState { asked.machine.resourceAgents }
}

extension FakeMachine {
  /// A machine in memory has no program that answers; what stands for it is the same on all.
  fileprivate static let agent = Array("cluster-agent".utf8)

  fileprivate var resourceAgents: ResourceAgentsState {
    switch files[ResourceAgentsKind.path]?.bytes {
    case nil: .absent
    case Self.agent: .current
    default: .other
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc
import HostAccess
import Wings

extension EnsureResourceAgents: AgentOperation {
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    let path = ResourceAgentsKind.path
    guard present else {
      return Outcome(changed: try FileSystem.remove(path), detail: "\(path) is not there")
    }
    if try ResourceAgentsProgram.state() == .current { return Outcome(changed: false, detail: "as desired already") }
    _ = try FileSystem.makeFolder(FileSystem.parent(path))
    let own = try FileSystem.program()
    let new = "\(path).new"
    _ = try FileSystem.remove(new)
    // Another name of the same file; a copy where the agent is on another file system.
    if link(own, new) != 0 {
      guard try FileSystem.create(try FileSystem.read(own, limit: 512 << 20), at: new, mode: 0o755) else {
        throw AgentError(.conflict, "\(new) is there already", next: "Remove it, then apply again.")
      }
    }
    // Pacemaker may call it at any moment.
    try FileSystem.move(new, to: path)
    try FileSystem.syncFolder(FileSystem.parent(path))
    return Outcome(changed: true, detail: "\(path) is this version")
  }
}

extension ResourceAgentsProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> ResourceAgentsState {
    try ResourceAgentsProgram.state()
  }
}

private enum ResourceAgentsProgram {
  static func state() throws(AgentError) -> ResourceAgentsState {
    let path = ResourceAgentsKind.path
    guard try FileSystem.entry(path) != nil else { return .absent }
    let own = try FileSystem.program()
    var (there, here) = (stat(), stat())
    guard lstat(path, &there) == 0, stat(own, &here) == 0 else {
      throw FileSystem.failure("\(path) cannot be looked at")
    }
    if there.st_dev == here.st_dev, there.st_ino == here.st_ino { return .current }
    guard there.st_mode & S_IFMT == S_IFREG, there.st_size == here.st_size else { return .other }
    let limit = 512 << 20
    return try FileSystem.read(path, limit: limit) == FileSystem.read(own, limit: limit) ? .current : .other
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc
import HostAccess
import Wings

extension ReplicaProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> ReplicaState {
    switch place {
    case .standIn: return try StandInCopy.state()
    case .drbd(let device): return try await DRBDCopy(device: device).state()
    case .anywhere:
      let file = try StandInCopy.state()
      return file.isMade ? file : try await DRBDCopy(device: nil).state()
    }
  }
}

extension EnsureReplica: AgentOperation {
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    if let device = goal.device { return try await DRBDCopy(device: device).make(goal, begins: begins, context) }
    return try await StandInCopy.make(goal, begins: begins, on: agent.id)
  }
}

/// The stand-in's copy in a file.
enum StandInCopy {
  /// Enough for the queue of jobs and a small database. What is not written to takes no room.
  private static let size: off_t = 1 << 30

  static func state() throws(AgentError) -> ReplicaState {
    guard try FileSystem.entry("\(ReplicaStore.folder)/meta") != nil else { return ReplicaState(isMade: false) }
    guard let status = ReplicaStatus.read() else { return ReplicaState(isMade: true) }
    return ReplicaState(
      isMade: true, isActive: status.role == .active, standing: status.standing,
      left: status.left > 0 ? status.left : nil, rate: status.rate > 0 ? status.rate : nil)
  }

  /// The facts are written last: without them there is no copy, and it is made again.
  static func make(_ goal: ReplicaGoal, begins: Bool, on host: HostID) async throws(AgentError) -> Outcome {
    if try FileSystem.entry("\(ReplicaStore.folder)/meta") != nil {
      return Outcome(changed: false, detail: "there already")
    }
    _ = try FileSystem.makeFolder(ReplicaStore.folder, mode: 0o700)
    let file = ReplicaGoal.file
    _ = try FileSystem.remove(file)
    guard try FileSystem.create([], at: file, mode: 0o600), truncate(file, size) == 0 else {
      throw FileSystem.failure("\(file) cannot be made")
    }
    var meta = ReplicaMeta()
    if begins {
      try await StateFileSystem(goal: goal).make(on: file, options: ["-J", "size=16"])
      (meta.generation, meta.author, meta.isWhole, meta.isAlone) = (1, host.name, true, true)
    }
    try ReplicaStore.keep(meta)
    return Outcome(
      changed: true,
      detail: "made \(file), " + (begins ? "marked as the state of \(goal.marker)" : "to be filled from the other head")
    )
  }
}

/// The file system on a replicated disk, marked as the state of its cluster.
struct StateFileSystem {
  let goal: ReplicaGoal

  /// The mark is in it from the beginning: it need not be mounted, and no loss leaves it without one.
  func make(on device: String, options: [String]) async throws(AgentError) {
    let tree = "/run/cluster/replica-root"
    try FileSystem.removeAll(tree)
    _ = try FileSystem.makeFolder(tree)
    let marker = FileSystem.name(StateFolderGoal(path: goal.path, marker: goal.marker).file)
    try FileSystem.write(Array("\(goal.marker)\n".utf8), to: "\(tree)/\(marker)", mode: 0o644)
    try await Command.checked(
      "mkfs.ext4", ["-q", "-F", "-m", "0", "-L", "cluster-state", "-d", tree] + options + [device],
      deadline: .seconds(240), next: "Check the disk: `dmesg`.")
    try FileSystem.removeAll(tree)
    try await Command.checked("sync", [device], deadline: .seconds(120), next: "Check the disk: `dmesg`.")
  }
}

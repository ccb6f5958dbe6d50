// SPDX-License-Identifier: Apache-2.0
import Glibc
import Wings

/// `ocf:cluster:replica`: the stand-in for DRBD, promotable. It runs on both heads, and is promoted on the head that
/// has the disk mounted.
///
/// A head whose copy may be older than another one gives itself no score, so that Pacemaker does not promote it, and
/// refuses to be promoted.
struct ReplicaAgent: PromotableAgent {
  /// Milliseconds between two looks at what the score depends on. Two of Pacemaker's programs are run for each.
  private static let glance = 2000
  private static let scores: (active: Int, standby: Int) = (1000, 900)

  private let call: OCFCall
  private let active = SystemdUnit(name: StandIn.Role.active.unit)
  private let standby = SystemdUnit(name: StandIn.Role.standby.unit)

  init(_ call: OCFCall) { self.call = call }

  let required: [String] = []
  var metadata: String { OCFMetadata.replica }

  // MARK: Monitor

  func look() -> OCFResult {
    let result = state
    // A probe finds out; it is no time to be scored.
    if result == .success || result == .promoted { tell(score) }
    return result
  }

  private var state: OCFResult {
    switch active.show().active {
    case "active": return .promoted
    case "activating", "deactivating": return ResourceAgents.refuse("\(active.name) is on its way", .failed)
    default: break
    }
    switch standby.show().active {
    case "active": return .success
    case "failed": return call.interval == 0 ? .notRunning : ResourceAgents.refuse("\(standby.name) failed", .failed)
    default: return .notRunning
    }
  }

  func watch() -> OCFResult {
    let end = call.begun + call.stay
    let first = state
    guard first == .success || first == .promoted else { return first }
    let unit = first == .promoted ? active : standby
    let main = unit.show().main
    tell(score)
    while end.left > 0 {
      if main.ended(within: min(Self.glance, end.left)) { return state }
      if score != told { tell(score) }
    }
    return state
  }

  // MARK: Score

  private var memory: String { "/run/cluster/ocf/\(ReplicaPlaces.resource).score" }
  private var told: Int? { SmallFile.read(memory).flatMap { Int($0.prefix { $0 != "\n" }) } }

  /// The wish to be promoted. Nil: it must not be.
  private var score: Int? {
    guard let status = ReplicaStatus.read() else { return nil }
    if status.role == .active { return Self.scores.active }
    return obstacle(status) == nil ? Self.scores.standby : nil
  }

  private func obstacle(_ status: ReplicaStatus?) -> String? {
    guard let meta = try? ReplicaStore.meta() else { return "there is no copy on this head" }
    let accepted = ReplicaPermission.property(ReplicaPermission.accepted)
    return meta.obstacle(
      record: ReplicaPermission.recorded(), isCurrent: status?.role == .standby && status?.isCurrent == true,
      isAccepted: accepted == call.node)
  }

  private func tell(_ score: Int?) {
    let name = "master-\(ReplicaPlaces.resource)"
    let value = score.map { ["--update", "\($0)"] } ?? ["--delete"]
    guard ChildProgram.run(["attrd_updater", "--name", name] + value, within: call.patience).status == 0 else { return }
    if let score { SmallFile.write("\(score)\n", to: memory) } else { unlink(memory) }
  }

  // MARK: Start and stop

  func start() -> OCFResult {
    if state == .success { return .success }
    guard (try? ReplicaStore.meta()) != nil else {
      return ResourceAgents.refuse("There is no copy of the state on this head: run `cluster apply`", .installed)
    }
    return startStandby()
  }

  func stop() -> OCFResult {
    tell(nil)
    for unit in [active, standby] {
      if let refusal = halt(unit) { return refusal }
      unit.forgetFailures()
    }
    unlink(ReplicaStatus.path)
    return .success
  }

  func promote() -> OCFResult {
    if state == .promoted { return .success }
    if let why = obstacle(ReplicaStatus.read()) {
      tell(nil)
      return ResourceAgents.refuse(why, .failed)
    }
    // Not as if it left for good: this copy is not outdated, it becomes the one that counts.
    _ = ChildProgram.run(["systemctl", "kill", "--signal=INT", standby.name], within: call.patience)
    let result = run(active, insteadOf: standby)
    guard result == .success else { return result }
    tell(Self.scores.active)
    // It was for this once.
    if ReplicaPermission.property(ReplicaPermission.accepted) != nil {
      _ = ChildProgram.run(
        ["crm_attribute", "--type", "crm_config", "--name", ReplicaPermission.accepted, "--delete"],
        within: call.patience)
    }
    return .success
  }

  func demote() -> OCFResult {
    guard state == .promoted || active.show().active != "inactive" else { return start() }
    return startStandby()
  }

  private func startStandby() -> OCFResult {
    let result = run(standby, insteadOf: active)
    if result == .success { tell(score) }
    return result
  }

  /// Stops a unit. Nil: it does not run any more.
  private func halt(_ unit: SystemdUnit) -> OCFResult? {
    let stopped = unit.stop()
    if stopped.status == 0 || ["inactive", "failed"].contains(unit.show().active) { return nil }
    return ResourceAgents.refuse("\(unit.name) does not stop: \(stopped.said)", .failed)
  }

  /// One of the two programs at a time: both would have the disk open.
  private func run(_ unit: SystemdUnit, insteadOf other: SystemdUnit) -> OCFResult {
    if let refusal = halt(other) { return refusal }
    unit.forgetFailures()
    let started = unit.order("start", "--job-mode=ignore-dependencies")
    guard started.status == 0 else {
      return ResourceAgents.refuse("\(unit.name) does not start: \(started.said)", .failed)
    }
    return .success
  }
}

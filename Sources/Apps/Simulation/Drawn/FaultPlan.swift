// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Simulator

/// All that goes wrong while one run is at work, drawn before it begins.
package struct FaultPlan: Sendable {
  package var conditions = NetworkConditions.calm
  package var timed: [(at: Duration, fault: Fault)] = []
  /// The process is killed after so many of its jobs.
  package var killedAfterJobs: Int?
  /// How long the administrator waits at the question.
  package var answeredAfter = Duration.zero
  /// Somebody else starts a run after this time.
  package var rivalAfter: Duration?
  /// It is a run of a newer description.
  package var rivalEdits = false
  /// Somebody runs `cluster plan` after this time.
  package var lookedAtAfter: Duration?

  /// The targets that a fault may strike.
  package struct Targets: Sendable {
    package var heads: [HostID]
    package var nodes: [HostID]
    package var machines: [AdminMachine]
  }

  package init(_ targets: Targets, _ random: inout SplitMix) {
    if random.chance(0.4) {
      conditions.lostRequests = random.chance(0.5) ? 0.05 : 0
      conditions.lostReplies = random.chance(0.5) ? 0.08 : 0
      conditions.duplicates = random.chance(0.3) ? 0.1 : 0
      conditions.delays = random.chance(0.3) ? 0.05 : 0
      if random.chance(0.3), let host = random.among(targets.heads) {
        conditions.slow[host] = Double(1 << random.below(9))
      }
    }
    for _ in 0..<[0, 0, 1, 1, 2, 4][random.below(6)] {
      guard let fault = Self.fault(targets, &random) else { continue }
      timed.append((random.duration(from: .milliseconds(5), to: .seconds(500)), fault))
    }
    if random.chance(0.3) { killedAfterJobs = 1 << random.below(12) + random.below(64) }
    if random.chance(0.12) {
      rivalAfter = random.duration(from: .milliseconds(1), to: .seconds(200))
    }
    if random.chance(0.15) {
      answeredAfter = random.duration(from: .seconds(1), to: .seconds(900))
      if random.chance(0.7) { rivalAfter = random.duration(from: .milliseconds(1), to: answeredAfter) }
    }
    if rivalAfter != nil { rivalEdits = random.chance(0.5) }
    if random.chance(0.12), let stranger = Self.stranger(targets, &random) {
      timed.append((random.duration(from: .milliseconds(5), to: .seconds(300)), stranger))
    }
    if random.chance(0.2) { lookedAtAfter = random.duration(from: .milliseconds(1), to: .seconds(200)) }
  }

  /// A thing that happens to a head once in years. From a row of its own: all else of a seed is the same without.
  static func rare(_ cluster: Cluster, _ random: inout SplitMix) -> [(at: Duration, fault: Fault)] {
    guard random.chance(0.12), let head = random.among(cluster.heads) else { return [] }
    let at = random.duration(from: .milliseconds(5), to: .seconds(400))
    let back = random.duration(from: .seconds(1), to: .seconds(600))
    if random.chance(0.4) { return [(at, .reinstalled(head, cluster, accepted: back))] }
    let seconds = (random.chance(0.5) ? 1 : -1) * (1 << random.below(20))
    return [(at, .headClock(head.name, seconds: seconds, back: back))]
  }

  private static func stranger(_ targets: Targets, _ random: inout SplitMix) -> Fault? {
    var nodes = targets.nodes
    if random.chance(0.3), let one = random.among(nodes) { nodes = [one] }
    if nodes.isEmpty { return nil }
    return .stranger(
      reportsFor: nodes,
      StrayReport(
        random.chance(0.7) ? .failed : .ready, from: random.among(StrayReport.From.allCases) ?? .root),
      back: random.duration(from: .seconds(1), to: .seconds(600)))
  }

  private static func fault(_ targets: Targets, _ random: inout SplitMix) -> Fault? {
    guard let head = random.among(targets.heads), let machine = random.among(targets.machines) else { return nil }
    let node = random.among(targets.nodes)
    let back = random.duration(from: .milliseconds(100), to: .seconds(400))
    switch random.below(17) {
    case 0, 1: return .powerLoss(head, back: max(back, .seconds(5)))
    case 2, 3: return .disconnected(process: machine.name, head, back: back)
    case 4: return .diskFull(head, bytes: random.below(20000), back: back)
    case 5: return .mirrorDown(head, back: back)
    case 6:
      let probes = ["packages", "links", "unit", "file", "cib", "nodeReports", "image", "clone", "tree"]
      return random.among(probes).map { .deaf(head, probe: $0, back: back) }
    case 7: return random.among(targets.heads + targets.nodes).map { .board(of: $0, .lies, back: back) }
    case 8:
      let fault: FakeWorld.Board.Fault = random.among([.unreachable, .refuses, .refusesCipher, .onlyTells]) ?? .refuses
      return random.among(targets.heads + targets.nodes).map { .board(of: $0, fault, back: back) }
    case 9: return node.map { .nodeSilent($0, back: back) }
    case 10: return node.map { .nodeBootsAnother($0, back: back) }
    case 11: return node.map { .nodeOff($0) }
    case 13: return .cardGone(head, another: random.chance(0.5), back: back)
    case 12: return .clock(machine, seconds: (random.chance(0.5) ? 1 : -1) * (1 << random.below(14)))
    default: return random.among(AdminInterference.allCases).map { .interference($0, head) }
    }
  }
}

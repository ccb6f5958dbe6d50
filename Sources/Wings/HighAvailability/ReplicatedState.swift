// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// The disks of `ha: state: replicated:` on the heads: DRBD's, or its stand-in's. Pacemaker runs them, and mounts the
/// one of the active head.
struct ReplicatedState {
  let cluster: Cluster
  let state: HighAvailabilityPolicy.State
  let replica: HighAvailabilityPolicy.State.Replica
  let primary: HostID

  private static let because = "services that move keep their state there"
  private static let set = "replica"

  /// Takes the disks out of a policy. Nil: the state is not on replicated disks.
  init?(_ cluster: Cluster, _ policy: HighAvailabilityPolicy, primary: HostID) {
    guard let state = policy.state, let replica = state.replica else { return nil }
    self.cluster = cluster
    self.state = state
    self.replica = replica
    self.primary = primary
  }

  var resources: [Resource] { cluster.heads.flatMap(onHead) }

  private func onHead(_ head: Head) -> [Resource] {
    let installed = [PackagesKind.id(on: head.name, Self.set)]
    let other = cluster.heads.first { $0.name != head.name }?.name ?? head.name
    let files = files(of: head, other).map { path, text in
      Resource.file(
        on: head.name, path, text, because: Self.because, source: state.source, after: installed)
    }
    let goal = ReplicaGoal(
      path: state.path, marker: StateFolderGoal(state, of: cluster).marker, device: replica.disks[head.name],
      wipe: replica.wipe)
    return [
      .packages(
        on: head.name, Self.set, packages, because: Self.because, source: state.source,
        after: WellKnown.repositories(on: head.name) + [WellKnown.basePackages(on: head.name)])
    ] + files + started(on: head.name, after: installed) + [
      Resource(
        ReplicaKind.id(on: head.name, state.path), ReplicaKind.Desired(goal, primary: primary, other: other),
        because: Self.because, source: state.source,
        after: files.map(\.id) + installed + [ResourceAgentsKind.id(on: head.name)]
          + (head.name == primary ? [] : [ReplicaKind.id(on: primary, state.path)]))
    ]
  }

  /// psmisc has fuser(1), with which Pacemaker's agent finds who keeps the folder in use.
  private var packages: [String] { ["e2fsprogs", "psmisc"] + (replica.backend == .drbd ? ["drbd-utils"] : []) }

  /// Pacemaker starts it, and not the boot.
  private func started(on head: HostID, after: [ResourceID]) -> [Resource] {
    guard replica.backend == .drbd else { return [] }
    return [
      .unit(
        on: head, .init(UnitGoal(name: "drbd.service", enabled: false, active: nil)), because: Self.because,
        source: state.source, after: after)
    ]
  }

  /// The resources that have to be in place before Pacemaker runs them.
  func needed(on head: HostID) -> [ResourceID] { [ReplicaKind.id(on: head, state.path)] }

  private func files(of head: Head, _ other: HostID) -> [(String, String)] {
    switch replica.backend {
    case .drbd:
      return [(DRBDConfiguration.path, DRBDConfiguration(cluster: cluster, replica: replica).text)]
    case .standIn:
      let peer = cluster.heads.first { $0.name == other }
      guard let own = head.nic(on: replica.network)?.address, let there = peer?.nic(on: replica.network)?.address
      else { return [] }
      let detect = cluster.ha?.heartbeat.detect ?? .zero
      return StandIn.Role.allCases.map { role in
        (
          "/etc/systemd/system/\(role.unit)",
          StandIn(name: head.name, own: own, other: other, peer: there, detect: detect).unit(role)
        )
      }
    }
  }
}

/// The program in DRBD's place: `cluster-agent replica`, as two units of which one at a time runs.
package struct StandIn {
  package enum Role: String, CaseIterable, Codable, Sendable {
    case standby, active

    package var unit: String { "cluster-replica-\(rawValue).service" }
  }

  package static let port: UInt16 = 7791

  let name: HostID
  let own: IPv4Address
  let other: HostID
  let peer: IPv4Address
  /// Corosync's token timeout: for as long a head that has gone still counts as online.
  let detect: Duration

  /// See systemd.service(5). It may be long in starting, while the other head is fenced. At a shutdown it stops after
  /// Pacemaker, which stops it in good order.
  func unit(_ role: Role) -> String {
    let rest = Role.allCases.filter { $0 != role }.map(\.unit).joined(separator: " ")
    return """
      # Written by cluster; changes made here are undone.
      [Unit]
      Description=Stand-in for DRBD (\(role.rawValue))
      Conflicts=\(rest)
      After=\(rest)
      Before=pacemaker.service
      [Service]
      Type=notify
      ExecStart=\(ResourceAgentsKind.path) replica \(role.rawValue) \(name) \(own) \(other) \(peer) \(detect.milliseconds)
      TimeoutStartSec=infinity
      TimeoutStopSec=20
      OOMScoreAdjust=-900

      """
  }
}

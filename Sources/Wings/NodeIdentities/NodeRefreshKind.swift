// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Nodes that run, with the identity that the heads have for them. One resource however many nodes there are.
///
/// - A node that says that it has another identity is told to fetch it, by the active head, when all heads have it.
/// - One that is away, boots, or does not say what it has, is left alone: it gets the newest when it boots.
/// - Only units whose files have changed take them up, each in the way that its set says.
package enum NodeRefreshKind: ResourceKind {
  package static let name = "node-refresh"
  package static let removalRank = 5
  package static let id = ResourceID(name, "all")

  package struct Desired: DesiredState {
    package var heads: [HostID]
    /// Where nodes find the heads. One that was told another address restarts, and could not fetch anything.
    package var server: IPv4Address?
    package var nodes: [Row]
    /// Secrets of nodes, by `Row.key`.
    package var secrets: [String: [SecretRef]]
    package var files: [File]

    package init(
      heads: [HostID], server: IPv4Address?, nodes: [Row], secrets: [String: [SecretRef]], files: [File]
    ) {
      self.heads = heads
      self.server = server
      self.nodes = nodes
      self.secrets = secrets
      self.files = files
    }

    /// As `NodeIdentitiesGoal.secrets`: who asks the same asks it once.
    var needed: [SecretRef] { [.nodeIdentities] + Set(secrets.values.joined()).sorted() }
  }

  package struct Row: Hashable, Codable, Sendable {
    package var name: HostID
    package var mac: MACAddress
    package var address: IPv4Address
    /// `name/digest`. One that runs another image restarts, and has no need of this.
    package var image: String
    /// The key of its secrets.
    package var key: String
    /// All of its identity but the values of secrets.
    package var fingerprint: String
    /// Where it finds the heads, if it is not where most do.
    package var server: IPv4Address?

    package init(
      name: HostID, mac: MACAddress, address: IPv4Address, image: String, key: String, fingerprint: String,
      server: IPv4Address? = nil
    ) {
      self.server = server
      self.name = name
      self.mac = mac
      self.address = address
      self.image = image
      self.key = key
      self.fingerprint = fingerprint
    }
  }

  /// A live file of any node, by what is in it on all of them.
  package struct File: Hashable, Codable, Sendable {
    package var path: String
    package var live: PackageSet.Live
    package var fingerprint: String
  }

  package struct Actual: Hashable, Sendable {
    package var reports: [MACAddress: NodeReport]
    /// The identities that heads have written, by head. One that has none is not in it.
    package var identities: [HostID: NodeIdentitiesState]
  }

  /// The live files of a goal, in the order of their paths.
  static func files(_ goal: NodeIdentitiesGoal) -> [File] {
    var all: [String: (live: PackageSet.Live, parts: [String])] = [:]
    for file in goal.live + goal.nodes.flatMap({ goal.own[$0.name.name] ?? [] }) {
      all[file.path, default: (file.live, [])].parts.append(file.fingerprint)
    }
    return all.sorted { $0.key < $1.key }.map { path, file in
      File(
        path: path, live: file.live,
        fingerprint: String(SHA256.hex(file.parts.joined(separator: " ")).prefix(16)))
    }
  }
}

extension NodeRefreshKind {
  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    desired.heads.flatMap {
      [Question($0, NodeReportsProbe()), Question($0, NodeIdentitiesProbe(desired.needed))]
    }
  }

  /// Heads that are away are left out; one that answers, and cannot tell, is an error: unknown is not behind.
  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    var actual = Actual(reports: [:], identities: [:])
    for head in desired.heads where answers.isReachable(head) {
      if let state = try answers.answer(head, NodeIdentitiesProbe(desired.needed)) ?? nil {
        actual.identities[head] = state
      }
      for report in try answers.answer(head, NodeReportsProbe()) ?? [] {
        actual.reports[report.mac] = actual.reports[report.mac]?.joined(with: report) ?? report
      }
    }
    return actual
  }

  package static func claims(_ id: ResourceID, _ desired: Desired) -> [Claim]? { [] }

  package static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: Actual?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    guard let actual, let state = actual.identities[context.activeHead] else { return [] }
    let previous = context.previous as? Desired
    let isWritten = context.changing.contains(NodeIdentitiesKind.id(on: context.activeHead))
    let running = desired.nodes.filter { row in
      guard let report = actual.reports[row.mac] else { return false }
      return report.stage == .ready && report.age <= report.silentAfter && report.identity != nil
        && report.image == row.image && !report.isFromAnotherBoot
        && !report.speaks(toAnotherThan: row.server ?? desired.server) && !report.isAt(anotherThan: row.address)
    }
    let due = running.filter { row in
      actual.reports[row.mac]?.identity != state.tags[row.name.name]
        || isWritten && mayChange(row, desired, previous, state)
    }
    if due.isEmpty { return [] }
    let changed = isWritten ? LiveFile.changed(from: previous?.files ?? [], to: desired.files) : desired.files
    let goal = NodeRefreshGoal(nodes: due.map { .init(place: .init(name: $0.name, address: $0.address), mac: $0.mac) })
    return [
      StepDraft(
        "refresh", on: context.activeHead, EnsureNodesRefreshed(goal),
        disruption: changed.map(\.live.disruption).max() ?? .none,
        because: isWritten
          ? "they run, and what the heads have for them changes"
          : "they run with something else than the heads have for them",
        changes: changed.map { "~ \($0.path)" + ($0.live == .nothing ? "" : ": \($0.live.words) where it has changed") }
      )
    ]
  }

  /// A node that the description drops goes on with what it has.
  package static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: Actual, _ context: PlanContext
  ) -> [StepDraft] { [] }

  /// Whether a node's identity is another one when the heads have been written to. What is not known counts as other:
  /// the step compares once more.
  private static func mayChange(
    _ row: Row, _ desired: Desired, _ previous: Desired?, _ state: NodeIdentitiesState
  ) -> Bool {
    if state.others.contains(.nodeIdentities) || !Set(desired.secrets[row.key] ?? []).isDisjoint(with: state.others) {
      return true
    }
    guard let previous else { return true }
    return previous.nodes.first { $0.name == row.name }?.fingerprint != row.fingerprint
  }
}

extension LiveFile {
  /// The files that are new or other, and those that go.
  static func changed(
    from old: [NodeRefreshKind.File], to new: [NodeRefreshKind.File]
  ) -> [NodeRefreshKind.File] {
    let (before, after) = (Set(old), Set(new.map(\.path)))
    return new.filter { !before.contains($0) } + old.filter { !after.contains($0.path) }
  }

  /// Lines for the reader of a plan.
  static func changes(from old: [NodeRefreshKind.File], to new: [NodeRefreshKind.File]) -> [String] {
    let (before, after) = (Set(old.map(\.path)), Set(new.map(\.path)))
    return changed(from: old, to: new).map { file in
      let mark = !before.contains(file.path) ? "+" : after.contains(file.path) ? "~" : "-"
      return "\(mark) \(file.path) of nodes"
    }
  }
}

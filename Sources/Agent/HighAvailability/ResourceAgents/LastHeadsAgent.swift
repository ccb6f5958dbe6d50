// SPDX-License-Identifier: Apache-2.0
import Glibc
import Pacemaker
import Wings

/// `ocf:cluster:last-heads`: has Corosync count no more on heads that are off, and treat the last two as a pair.
///
/// Both are set in the Corosync that runs, and nowhere else: one that is started anew waits for all heads. It expects
/// more votes again by itself when a head is back.
struct LastHeadsAgent: ResourceAgent {
  private static let key = "quorum.two_node"
  /// Milliseconds between two looks.
  private static let glance = 3000

  private let call: OCFCall
  private let heads: [String]

  init(_ call: OCFCall) {
    self.call = call
    heads = (call["heads"] ?? "").split(separator: " ").map(String.init)
  }

  let required = ["heads"]
  var metadata: String { OCFMetadata.lastHeads }

  private var note: String { "/run/cluster/ocf/\(LastHeads.resource).runs" }

  func start() -> OCFResult {
    SmallFile.write("\(heads.joined(separator: " "))\n", to: note)
    return .success
  }

  /// Leaves what it has set: a head that is stopped in good order is no reason for the other one to lose its quorum.
  func stop() -> OCFResult {
    unlink(note)
    return .success
  }

  func look() -> OCFResult { SmallFile.read(note) == nil ? .notRunning : .success }

  func watch() -> OCFResult {
    guard look() == .success else { return .notRunning }
    let end = call.begun + call.stay
    while true {
      let result = see()
      if result != .success || end.left == 0 { return result }
      Pause.milliseconds(min(Self.glance, end.left))
    }
  }

  private func see() -> OCFResult {
    let shown = ChildProgram.run(["crm_mon", "--one-shot", "--inactive", "--output-as=xml"], within: 10_000)
    // While an election is going on nothing is known, and nothing changed.
    guard shown.status == 0, let status = try? ClusterStatus(parsing: shown.output) else { return .success }
    if let wanted = LastHeads.isPair(of: heads, in: status) {
      let result = pair(wanted)
      if result != .success { return result }
    }
    return LastHeads.votes(of: heads, in: status).map(expect) ?? .success
  }

  private func expect(_ votes: Int) -> OCFResult {
    // Its status says whether there is a quorum.
    let shown = ChildProgram.run(["corosync-quorumtool", "-s"], within: 5000)
    guard let known = Self.expected(in: shown.output), known != votes else { return .success }
    let set = ChildProgram.run(["corosync-quorumtool", "-e", "\(votes)"], within: 5000)
    guard set.status == 0 else {
      return ResourceAgents.refuse("\(votes) votes cannot be expected: \(set.output)", .failed)
    }
    return .success
  }

  /// - Parameter status: what `corosync-quorumtool -s` prints.
  static func expected(in status: String) -> Int? {
    let line = status.split(separator: "\n").first { $0.hasPrefix("Expected votes:") }
    return line?.split(separator: " ").last.flatMap { Int($0) }
  }

  private func pair(_ wanted: Bool) -> OCFResult {
    let known = ChildProgram.run(["corosync-cmapctl", "-g", Self.key], within: 5000)
    let isSet = known.status == 0 && known.output.hasSuffix("= 1\n")
    guard isSet != wanted else { return .success }
    let set = ChildProgram.run(["corosync-cmapctl", "-s", Self.key, "u8", wanted ? "1" : "0"], within: 5000)
    guard set.status == 0 else {
      return ResourceAgents.refuse("\(Self.key) cannot be set: \(set.output)", .failed)
    }
    return .success
  }
}

// SPDX-License-Identifier: Apache-2.0
import Glibc
import Pacemaker
import Wings

/// `ocf:cluster:last-heads`: has Corosync treat two heads that are left of three as a pair.
///
/// `two_node` is set in the Corosync that runs, and nowhere else: one that is started anew waits for all heads.
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
    guard shown.status == 0, let status = try? ClusterStatus(parsing: shown.output),
      let wanted = LastHeads.isPair(of: heads, in: status)
    else { return .success }
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

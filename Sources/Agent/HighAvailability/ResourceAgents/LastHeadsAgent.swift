// SPDX-License-Identifier: Apache-2.0
import Glibc
import Pacemaker
import Wings

/// `ocf:cluster:last-heads`: has Corosync count no more on heads that are off, and treat the last two as a pair.
///
/// Both are set in the Corosync that runs, as keys of cmap(8), and nowhere else: one that is started anew waits for
/// all heads. Whenever a key of `quorum.` changes, Corosync reads all of them again, and where it finds no
/// `expected_votes` it expects those of its whole list of nodes. So what it is to expect is such a key too, and is
/// there before it hears of a pair.
struct LastHeadsAgent: ResourceAgent {
  private static let pairKey = "quorum.two_node"
  private static let votesKey = "quorum.expected_votes"
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
    if let votes = LastHeads.votes(of: heads, in: status) {
      let result = expect(votes)
      if result != .success { return result }
    }
    return LastHeads.isPair(of: heads, in: status).map(pair) ?? .success
  }

  private func expect(_ votes: Int) -> OCFResult {
    guard Self.value(in: told(of: Self.votesKey)) ?? heads.count == votes else {
      return set(Self.votesKey, "u32", votes)
    }
    // Another head may have told this one of fewer or more. Its status says whether there is a quorum.
    let shown = ChildProgram.run(["corosync-quorumtool", "-s"], within: 5000)
    guard let known = Self.expected(in: shown.output), known != votes else { return .success }
    return order(["corosync-quorumtool", "-e", "\(votes)"], or: "\(votes) votes cannot be expected")
  }

  private func pair(_ wanted: Bool) -> OCFResult {
    let isSet = Self.value(in: told(of: Self.pairKey)) == 1
    return isSet == wanted ? .success : set(Self.pairKey, "u8", wanted ? 1 : 0)
  }

  /// - Parameter status: what `corosync-quorumtool -s` prints.
  static func expected(in status: String) -> Int? {
    let line = status.split(separator: "\n").first { $0.hasPrefix("Expected votes:") }
    return line?.split(separator: " ").last.flatMap { Int($0) }
  }

  /// - Parameter answer: what `corosync-cmapctl -g` prints of a key. Nil where there is no such key.
  static func value(in answer: String) -> Int? {
    let parts = answer.split(whereSeparator: \.isNewline).first?.components(separatedBy: ") = ") ?? []
    return parts.count == 2 ? Int(parts[1]) : nil
  }

  private func told(of key: String) -> String {
    ChildProgram.run(["corosync-cmapctl", "-g", key], within: 5000).output
  }

  private func set(_ key: String, _ type: String, _ value: Int) -> OCFResult {
    order(["corosync-cmapctl", "-s", key, type, "\(value)"], or: "\(key) cannot be set")
  }

  private func order(_ argv: [String], or failure: String) -> OCFResult {
    let done = ChildProgram.run(argv, within: 5000)
    return done.status == 0 ? .success : ResourceAgents.refuse("\(failure): \(done.output)", .failed)
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Runs a program as root on nodes, many at once, and once for each token. A node that is not reached, or on which the
/// program fails, stops no other: how it went is in the head's note, which `NodeCommandProbe` reads.
package struct EnsureCommandRun: GoalOperation {
  package static let name = "ensureCommandRun"

  package let goal: NodeCommandGoal
  package init(_ goal: NodeCommandGoal) { self.goal = goal }

  package var secrets: Set<SecretRef> { [] }
  package var machine: HostID? { nil }
  package func claims(on host: HostID) -> [Claim] { [] }
  package var lockout: Lockout { .impossible }
  package var impact: Impact { .nothing }
  package var isRemoval: Bool { false }

  package var timing: OperationTiming {
    // Measured: 0.2 s for a login and a short program; 64 at once keep a core of the head busy.
    OperationTiming(
      expectedSeconds: 1 + Double(goal.nodes.count) / 50, varies: true,
      deadline: .seconds(60 + (goal.nodes.count / NodePlace.atOnce + 1) * (goal.seconds + 20)), lane: nil)
  }
  package var expectation: Expectation? { nil }

  package var target: String { HostlistText.fold(goal.nodes.map(\.name)) }
  package func title(verb: String, machines: String) -> String { "run `\(goal.words)` as root on \(target)" }
  package var counting: CountingWords { CountingWords("run", "program on nodes", "programs on nodes") }
  package var undoing: String { "what a program has done is not taken back." }
}

/// The place of a node on the boot network, where heads log in to it.
package struct NodePlace: Hashable, Codable, Sendable {
  package var name: HostID
  package var address: IPv4Address

  /// Nodes that one head is logged in to at once, at most: a login costs it a process and a few milliseconds.
  package static let atOnce = 64

  package init(name: HostID, address: IPv4Address) {
    self.name = name
    self.address = address
  }
}

package struct NodeCommandGoal: Hashable, Codable, Sendable {
  package var argv: [String]
  package var nodes: [NodePlace]
  /// The name of the run that asked for it.
  package var token: String
  /// The program is stopped after these.
  package var seconds: Int

  package init(argv: [String], nodes: [NodePlace], token: String, seconds: Int) {
    self.argv = argv
    self.nodes = nodes
    self.token = token
    self.seconds = seconds
  }

  /// The program as one would type it.
  package var words: String { Self.words(argv) }

  package static func words(_ argv: [String]) -> String {
    argv.map { word in
      let isPlain = word.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
          || "-_./:=,+@%".utf8.contains(byte)
      }
      return isPlain && !word.isEmpty ? word : "'\(word.visibleLine.replacing("'", with: "'\\''"))'"
    }.joined(separator: " ")
  }

  /// Bytes that are kept of each stream of one node: much of a few, less of thousands.
  package var kept: Int { max(1 << 10, min(64 << 10, (8 << 20) / max(1, nodes.count))) }
}

/// The end of a program on one node.
package struct NodeCommandResult: Hashable, Codable, Sendable {
  package enum Ending: Hashable, Codable, Sendable {
    case ended(status: Int32)
    /// It was not run, or nobody knows how it ended.
    case failed(AgentError)
  }

  package var node: HostID
  package var ending: Ending
  package var output: Content
  package var errors: Content
  /// There was more output than was kept.
  package var isCut: Bool

  package init(node: HostID, ending: Ending, output: Content, errors: Content, isCut: Bool) {
    self.node = node
    self.ending = ending
    self.output = output
    self.errors = errors
    self.isCut = isCut
  }

  package var succeeded: Bool { ending == .ended(status: 0) }
}

/// A head's note of the last program that it ran on nodes. It may hold what a program printed: for root alone, and the
/// next one takes its place.
package struct NodeCommandNote: Hashable, Codable, Sendable {
  package var token: String
  package var results: [NodeCommandResult]

  package init(token: String, results: [NodeCommandResult]) {
    self.token = token
    self.results = results
  }

  /// One line for the record. What was printed is in it only where it is short and everywhere the same.
  package var summary: String {
    func names(_ some: (NodeCommandResult) -> Bool) -> [HostID] { results.filter(some).map(\.node) }
    var parts: [String] = []
    let statuses = Set(results.compactMap { if case .ended(let status) = $0.ending { status } else { nil } })
    for status in statuses.sorted() {
      let nodes = names { $0.ending == .ended(status: status) }
      parts.append("\(HostlistText.fold(nodes)) ended with \(status)")
    }
    let others = names { if case .failed = $0.ending { true } else { false } }
    if !others.isEmpty { parts.append("\(HostlistText.fold(others)) cannot tell") }
    let said = Set(results.map(\.output))
    if said.count == 1, let said = said.first, (1...200).contains(said.bytes.count), results.allSatisfy(\.succeeded) {
      var text = String(decoding: said.bytes, as: UTF8.self)
      if text.hasSuffix("\n") { text.removeLast() }
      parts.append("“\(text.visibleLine)”")
    }
    return parts.joined(separator: "; ")
  }
}

/// The results of the program that a head ran on nodes for a token. Nil: it has run none for it, or another one since.
package struct NodeCommandProbe: Probe {
  package typealias Answer = [NodeCommandResult]?

  package static let name = "nodeCommand"

  package let token: String

  package init(_ token: String) { self.token = token }

  package var words: String { "results of run \(token) on nodes" }
  package var secrets: ProbeSecrets { .none }

  package func recorded(_ results: [NodeCommandResult]?, _ nodes: NodeNames) -> [ObservedLines] { [] }

  package func explained(_ results: [NodeCommandResult]?, _ nodes: NodeNames) -> [String] {
    [results.map { NodeCommandNote(token: token, results: $0).summary } ?? "run \(token) has run no program on nodes"]
  }
}

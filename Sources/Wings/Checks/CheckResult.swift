// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The result of a check on one machine, or on a pair.
package struct CheckResult: Hashable, Codable, Sendable {
  package enum Status: String, Hashable, Codable, CaseIterable, Sendable {
    case passed
    case failed
    /// A check that it needs did not pass there, or what it is run with is not there.
    case skipped
    /// It could not be run: the machine could not be reached. That says nothing of what was to be checked.
    case unknown
  }

  package var machine: HostID
  package var peer: HostID?
  package var status: Status
  /// The difference from what was expected, or the reason why it was not run.
  package var detail: String
  /// Output: of one that failed its beginning, of one that is compared what is compared. Not to be shown as it is.
  package var output: String
  package var milliseconds: Int

  package init(
    _ part: CheckGoal.Part, _ status: Status, _ detail: String = "", output: String = "", milliseconds: Int = 0
  ) {
    self.init(
      machine: part.machine, peer: part.peer, status: status, detail: detail, output: output,
      milliseconds: milliseconds)
  }

  package init(
    machine: HostID, peer: HostID? = nil, status: Status, detail: String = "", output: String = "",
    milliseconds: Int = 0
  ) {
    self.machine = machine
    self.peer = peer
    self.status = status
    self.detail = detail
    self.output = output
    self.milliseconds = milliseconds
  }

  package func isOf(_ part: CheckGoal.Part) -> Bool { machine == part.machine && peer == part.peer }

  package var place: String { machine.name + (peer.map { " → \($0)" } ?? "") }

  /// One line for whoever watches, or reads the record.
  package var line: String {
    let what = detail.isEmpty ? status.rawValue : "\(status.rawValue): \(detail)"
    return "\(place) \(what)".visibleLine
  }
}

extension CheckGoal {
  /// The result of a program that has ended.
  package func judged(_ part: Part, status: Int32, stdout: [UInt8], stderr: [UInt8], milliseconds: Int) -> CheckResult {
    // As timeout(1) says it.
    if part.address == nil, [124, 137].contains(status), milliseconds >= seconds * 1000 {
      return late(part, CheckOutput.bounded(stderr + stdout, to: CheckOutput.kept), milliseconds)
    }
    if account != .root, check.set != TestAccount.set, status == 1,
      CheckOutput.bounded(stderr).contains("runuser: user \(TestAccount.name) does not exist")
    {
      return CheckResult(
        part, .skipped, "there is no account \(TestAccount.name): turn on the set `\(TestAccount.set)`",
        milliseconds: milliseconds)
    }
    let output = CheckOutput.bounded(stdout)
    guard let difference = expected.difference(status: status, output: output) else {
      return CheckResult(
        part, .passed, output: expected.same ? CheckResult.compared(stdout) : "", milliseconds: milliseconds)
    }
    let said = CheckOutput.bounded(stderr.isEmpty ? stdout : stdout + stderr, to: CheckOutput.kept)
    return CheckResult(part, .failed, difference, output: said, milliseconds: milliseconds)
  }

  /// The result where the program did not come to its end.
  package func unfinished(_ part: Part, _ error: AgentError, milliseconds: Int) -> CheckResult {
    switch error.code {
    case .deadline: late(part, error.cause ?? "", milliseconds)
    case .notFound, .commandFailed:
      CheckResult(part, .failed, error.message, output: error.cause ?? "", milliseconds: milliseconds)
    default: CheckResult(part, .unknown, "\(error)", milliseconds: milliseconds)
    }
  }

  private func late(_ part: Part, _ output: String, _ milliseconds: Int) -> CheckResult {
    CheckResult(part, .failed, "it did not end within \(seconds) s", output: output, milliseconds: milliseconds)
  }

  /// The reason why a part is not run. Nil: it is run.
  package func obstacle(_ part: Part, _ noted: NotedChecks) -> String? {
    noted.obstacle([part.machine] + (part.peer.map { [$0] } ?? []), needs: needs)
  }

  /// The outcome of the operation with these results.
  ///
  /// - Throws: where one has not passed.
  package func outcome(_ results: [CheckResult], changed: Bool) throws(AgentError) -> Outcome {
    let other = results.filter { $0.status != .passed }
    guard let first = other.first else {
      let slowest = results.map(\.milliseconds).max() ?? 0
      return Outcome(
        changed: changed,
        detail: "passed on \(HostlistText.fold(results.map(\.machine))), the slowest in \(slowest.asSeconds)")
    }
    let groups = Dictionary(grouping: other, by: \.status)
    let words = CheckResult.Status.allCases.compactMap { status in
      groups[status].map { "\(status.rawValue) on \(HostlistText.fold($0.map(\.machine)))" }
    }
    throw AgentError(
      .checkFailed, "\(check) \(words.joined(separator: ", "))", cause: first.line,
      next: remediation ?? "Run `cluster test \(check)` again when it is mended.")
  }
}

extension CheckResult {
  /// Output as it is compared with that of others: short, and different where the whole is.
  static func compared(_ output: [UInt8]) -> String {
    var text = String(decoding: output.prefix(256), as: UTF8.self)
    if output.count > 256 { text += "… (\(SHA256.hex(output).prefix(16)))" }
    while let last = text.unicodeScalars.last, last.properties.isWhitespace { text.unicodeScalars.removeLast() }
    return text
  }

  /// The results of a check whose output is to be the same everywhere: the most are right, and the others fail. Of two
  /// that are as many, the first one counts.
  package static func compared(_ results: [CheckResult]) -> [CheckResult] {
    let groups = Dictionary(grouping: results.filter { $0.status == .passed }, by: \.output)
    let order = Dictionary(
      results.enumerated().map { ($0.element.output, $0.offset) }, uniquingKeysWith: { first, _ in first })
    guard groups.count > 1,
      let most = groups.max(by: { ($0.value.count, order[$1.key] ?? 0) < ($1.value.count, order[$0.key] ?? 0) })
    else { return results }
    let others = HostlistText.fold(most.value.map(\.machine))
    return results.map { result in
      guard result.status == .passed, result.output != most.key else { return result }
      var result = result
      result.status = .failed
      result.detail = "its output is not that of \(others): \(most.key.visibleLine)"
      return result
    }
  }
}

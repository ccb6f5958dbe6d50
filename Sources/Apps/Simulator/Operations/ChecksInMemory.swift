// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension EnsureChecked: MemoryOperation {
  package var conduct: MemoryConduct { .short(.seconds(2), mayEndReports: false) }

  package func perform(
    in world: inout FakeWorld, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    let before = world.machines[host]?.checkNotes[goal.token] ?? [:]
    let known = before["\(goal.check)"] ?? []
    let left = goal.parts.filter { part in !known.contains { $0.isOf(part) } }
    if left.isEmpty {
      return try goal.outcome(goal.parts.compactMap { part in known.first { $0.isOf(part) } }, changed: false)
    }
    var needed = NotedChecks()
    for need in goal.needs { if let results = before["\(need)"] { needed.note(need, results) } }
    var results =
      known
      + left.map { part in
        goal.obstacle(part, needed).map { CheckResult(part, .skipped, $0) } ?? world.result(of: part, goal)
      }
    if goal.expected.same { results = CheckResult.compared(results) }
    world.machines[host]?.checkNotes[goal.token, default: [:]]["\(goal.check)"] = results
    return try goal.outcome(results, changed: true)
  }
}

extension CheckNotesProbe: MemoryProbe {
  func answer(of asked: AskedMachine) -> [CheckNote] {
    (asked.machine.checkNotes[token] ?? [:]).sorted { $0.key < $1.key }.compactMap { name, results in
      let parts = name.split(separator: "/").map(String.init)
      return parts.count == 2 ? CheckNote(check: CheckID(parts[0], parts[1]), results: results) : nil
    }
  }
}

/// The end of a check's program on a machine in memory.
package struct FakeCheckAnswer: Hashable, Codable, Sendable {
  package var status: Int32
  package var output: String

  package init(status: Int32 = 0, output: String = "") {
    self.status = status
    self.output = output
  }
}

extension FakeWorld {
  /// Programs are not run in memory: a check passes unless a machine is given another answer.
  fileprivate func result(of part: CheckGoal.Part, _ goal: CheckGoal) -> CheckResult {
    if part.address != nil, nodes[part.machine]?.image == nil {
      return CheckResult(part, .unknown, "\(part.machine) cannot be reached")
    }
    let answer = checkAnswers[part.machine]?["\(goal.check)"]
    guard let answer = answer ?? Self.builtIn(part, goal) else { return CheckResult(part, .passed, milliseconds: 100) }
    return goal.judged(part, status: answer.status, stdout: Array(answer.output.utf8), stderr: [], milliseconds: 100)
  }

  /// The programs that the contract runs.
  private static func builtIn(_ part: CheckGoal.Part, _ goal: CheckGoal) -> FakeCheckAnswer? {
    switch part.words.first {
    case "false": FakeCheckAnswer(status: 1)
    case "echo": FakeCheckAnswer(output: part.words.dropFirst().joined(separator: " ") + "\n")
    default: nil
    }
  }
}

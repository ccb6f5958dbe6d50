// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import FoundationEssentials
import HostAccess
import Wings

extension EnsureCommandRun: MemoryOperation {
  package var conduct: MemoryConduct { .short(.milliseconds(800), mayEndReports: false) }

  package func perform(
    in world: inout FakeWorld, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    if let note = world.machines[host]?.nodeCommand, note.token == goal.token {
      return Outcome(changed: false, detail: note.summary)
    }
    guard world.machines[host]?.files[WellKnown.nodeLoginKey] != nil else {
      throw AgentError(.notFound, "This head has no key to log in to nodes with", next: "Run `cluster apply`.")
    }
    let note = NodeCommandNote(token: goal.token, results: goal.nodes.map { world.run(goal, on: $0) })
    try world.machines[host]?.keep(note)
    return Outcome(changed: true, detail: note.summary)
  }
}

extension NodeCommandProbe: MemoryProbe {
  func answer(of asked: AskedMachine) -> [NodeCommandResult]? {
    guard let note = asked.machine.nodeCommand, note.token == token else { return nil }
    return note.results
  }
}

extension FakeMachine {
  fileprivate var nodeCommand: NodeCommandNote? {
    files[WellKnown.nodeCommandNote].flatMap { try? JSONDecoder().decode(NodeCommandNote.self, from: Data($0.bytes)) }
  }

  fileprivate mutating func keep(_ note: NodeCommandNote) throws(AgentError) {
    let bytes: Data
    do { bytes = try JSONEncoder().encode(note) } catch {
      throw AgentError(.invalid, "The note cannot be encoded", cause: "\(error)", next: "Report this as a bug.")
    }
    files[WellKnown.nodeCommandNote] = File(bytes: Array(bytes), mode: 0o600, changed: step())
  }
}

extension FakeWorld {
  /// Whether somebody can log in to a node.
  func isLoggedInTo(_ node: HostID) -> Bool { nodes[node]?.image != nil && isPowered(node) }

  /// A node in memory has four programs.
  fileprivate func run(_ goal: NodeCommandGoal, on place: NodePlace) -> NodeCommandResult {
    func ended(_ status: Int32, _ output: String = "", errors: String = "") -> NodeCommandResult {
      NodeCommandResult(
        node: place.name, ending: .ended(status: status), output: .text(output), errors: .text(errors), isCut: false)
    }
    guard isLoggedInTo(place.name) else {
      return NodeCommandResult(
        node: place.name,
        ending: .failed(
          AgentError(
            .unreachable, "\(place.name) cannot be reached at \(place.address)",
            next: "Check that it is on: `cluster status`.")), output: .text(""), errors: .text(""), isCut: false)
    }
    switch goal.argv.first {
    case "true": return ended(0)
    case "false": return ended(1)
    case "echo": return ended(0, goal.argv.dropFirst().joined(separator: " ") + "\n")
    case "hostname": return ended(0, "\(place.name)\n")
    case let program: return ended(127, errors: "timeout: failed to run command '\(program ?? "")'\n")
    }
  }
}

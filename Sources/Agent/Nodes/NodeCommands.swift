// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension EnsureCommandRun: AgentOperation {
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    if let note = try NodeCommands.read(), note.token == goal.token {
      return Outcome(changed: false, detail: note.summary)
    }
    try NodeCommands.requireKey()
    let login = NodeLogin(keeping: goal.kept)
    let results = await NodeBatch.each(goal.nodes, context.progress) { [goal] node in
      do throws(AgentError) {
        let ended = try await login.run(
          goal.argv, on: node.name, at: node.address, once: goal.token, deadline: .seconds(goal.seconds))
        return NodeCommandResult(
          node: node.name, ending: .ended(status: ended.status), output: Content(ended.stdout),
          errors: Content(ended.stderr), isCut: ended.isCut)
      } catch {
        return NodeCommandResult(
          node: node.name, ending: .failed(error), output: .text(""), errors: .text(""), isCut: false)
      }
    }
    // Stopped half-way it has no result; the nodes remember that it was begun.
    if Task.isCancelled { throw .stopped }
    let note = NodeCommandNote(token: goal.token, results: results)
    try NodeCommands.write(note)
    return Outcome(changed: true, detail: note.summary)
  }
}

extension NodeCommandProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> [NodeCommandResult]? {
    guard let note = try NodeCommands.read(), note.token == token else { return nil }
    return note.results
  }
}

/// The note of the last program that this head ran on nodes.
enum NodeCommands {
  static func read() throws(AgentError) -> NodeCommandNote? {
    try DurableJSON.read(NodeCommandNote.self, from: WellKnown.nodeCommandNote)
  }

  static func write(_ note: NodeCommandNote) throws(AgentError) {
    try DurableJSON.write(note, to: WellKnown.nodeCommandNote)
  }

  static func requireKey() throws(AgentError) {
    guard try FileSystem.entry(WellKnown.nodeLoginKey)?.kind == .file else {
      throw AgentError(
        .notFound, "This head has no key to log in to nodes with",
        next: "Run `cluster apply`: the key comes with the identities of nodes.")
    }
  }
}

/// Work on many machines, a bounded number of them at once.
enum NodeBatch {
  /// The results in the order of the nodes. Progress is told for each batch.
  static func each<Value: Sendable>(
    _ nodes: [NodePlace], atOnce: Int = NodePlace.atOnce, _ progress: @escaping @Sendable (String) -> Void,
    _ body: @escaping @Sendable (NodePlace) async -> Value
  ) async -> [Value] {
    await each(nodes, atOnce: atOnce) { _, done in
      if done % atOnce == 0, done < nodes.count { progress("\(done) of \(nodes.count) nodes") }
    } body: { node in
      await body(node)
    }
  }

  /// The results in the order of the items.
  /// - Parameter ended: is told each result as it comes, and how many there are by then.
  static func each<Item: Sendable, Value: Sendable>(
    _ items: [Item], atOnce: Int, ended: (Value, Int) -> Void, body: @escaping @Sendable (Item) async -> Value
  ) async -> [Value] {
    await withTaskGroup(of: (Int, Value).self) { group in
      var results = [Value?](repeating: nil, count: items.count)
      var (begun, done) = (0, 0)
      func begin() {
        guard begun < items.count else { return }
        let (index, item) = (begun, items[begun])
        begun += 1
        group.addTask { (index, await body(item)) }
      }
      for _ in 0..<atOnce { begin() }
      while let (index, value) = await group.next() {
        results[index] = value
        done += 1
        ended(value, done)
        begin()
      }
      return results.compactMap(\.self)
    }
  }
}

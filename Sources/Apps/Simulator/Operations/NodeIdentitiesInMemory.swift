// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import FoundationEssentials
import HostAccess
import Wings

extension EnsureNodeIdentities: MachineOperation {
  package var conduct: MemoryConduct { .short(.milliseconds(100), mayEndReports: false) }
  func perform(in machine: inout FakeMachine, _ secrets: Secrets) throws(AgentError) -> Outcome {
    try machine.ensureNodeIdentities(goal, secrets)
  }
}

extension EnsureNodeIdentitiesAbsent: MachineOperation {
  package var conduct: MemoryConduct { .short(.milliseconds(40), mayEndReports: false) }
  func perform(in machine: inout FakeMachine, _ secrets: Secrets) throws(AgentError) -> Outcome {
    let hadFolder = try machine.ensureTreeAbsent(root: WellKnown.nodeIdentities).changed
    let hadKeys = try machine.ensureFileAbsent(path: WellKnown.nodeHostKeys).changed
    let hadLogin = machine.files.removeValue(forKey: WellKnown.nodeLoginKey) != nil
    let hadNote = machine.files.removeValue(forKey: WellKnown.nodeIdentitiesNote) != nil
    return hadFolder || hadKeys || hadLogin || hadNote
      ? Outcome(changed: true, detail: "removed") : Outcome(changed: false, detail: "there are none")
  }
}

extension NodeIdentitiesProbe: MemoryProbe {
  func answer(of asked: AskedMachine) throws(AgentError) -> NodeIdentitiesState? {
    guard let file = asked.machine.files[WellKnown.nodeIdentitiesNote] else { return nil }
    let site = try asked.secrets.needed(.nodeIdentities)
    var values: [(SecretRef, [UInt8])] = []
    for secret in needed { values.append((secret, try asked.secrets.needed(secret))) }
    guard let note = NodeIdentitiesNote(file.bytes) else {
      return NodeIdentitiesState(goal: "", others: [], isIntact: false)
    }
    return note.state(contents: asked.machine.identityContents, values, site: site)
  }
}

extension FakeMachine {
  /// A stand-in for each archive: it follows from all that a real one is made from, and shows none of it.
  fileprivate mutating func ensureNodeIdentities(
    _ goal: NodeIdentitiesGoal, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    let root = WellKnown.nodeIdentities
    let site = try secrets.needed(.nodeIdentities)
    var tags: [String: String] = [:]
    for secret in goal.secrets {
      tags[secret.name] = NodeIdentitiesNote.tag(secret, try secrets.needed(secret), site: site)
    }
    if files[root] != nil || symbolicLinks[root] != nil {
      throw AgentError(.conflict, "\(root) is not a folder", next: "Move away what is at \(root), then try again.")
    }
    if managed[root] == nil { managed[root] = .nothing }
    folders.insert(root)
    var wanted: [String: [UInt8]] = [:]
    var nodes: [String: String] = [:]
    nodeChecks = FakeNodeChecks.all(goal)
    var keys = "# Written by cluster; changes made here are undone.\n"
    for node in goal.nodes {
      guard let address = node.addresses.first else { continue }
      let own = (goal.files[node.image] ?? []).map { "\($0.path) \($0.owner) \($0.mode) \(tags[$0.secret.name] ?? "")" }
      let key = HMAC.hex(key: site, Array(node.name.name.utf8))
      let heads = goal.heads.map(\.description).joined(separator: ",")
      let live = (goal.live + (goal.own[node.name.name] ?? [])).map(\.fingerprint)
      let bytes = Array(([key, heads] + own + live).joined(separator: "\n").utf8)
      wanted["\(root)/\(address)"] = bytes
      nodes[node.name.name] = NodeIdentitiesNote.tag(ofIdentity: bytes, site: site)
      keys += "\(node.name) ssh-ed25519 \(SHA256.hex(key))\n"
    }
    for path in files.keys.filter({ $0.hasPrefix(root + "/") && wanted[$0] == nil }) { files[path] = nil }
    for (path, bytes) in wanted.sorted(by: { $0.key < $1.key }) {
      let owner = "root:www-data"
      if let now = files[path], now.bytes == bytes, now.mode == 0o640, now.owner == owner { continue }
      try take(bytes.count, for: path)
      files[path] = File(bytes: bytes, mode: 0o640, owner: owner, changed: step())
    }
    _ = try ensureFile(
      FileGoal(path: WellKnown.nodeHostKeys, contents: .text(keys), mode: 0o644, owner: "root:root"))
    let login = Array(HMAC.hex(key: site, Array("login".utf8)).utf8)
    if files[WellKnown.nodeLoginKey]?.bytes != login {
      files[WellKnown.nodeLoginKey] = File(bytes: login, mode: 0o600, owner: "root:root", changed: step())
    }
    let note = NodeIdentitiesNote(goal: goal.digest, tags: tags, contents: identityContents, nodes: nodes)
    let bytes = try note.bytes
    if files[WellKnown.nodeIdentitiesNote]?.bytes == bytes {
      return Outcome(changed: false, detail: "as desired already")
    }
    files[WellKnown.nodeIdentitiesNote] = File(bytes: bytes, mode: 0o600, changed: step())
    return Outcome(changed: true, detail: "\(goal.nodes.count) identities")
  }

  fileprivate var identityContents: String {
    let prefix = WellKnown.nodeIdentities + "/"
    return NodeIdentitiesNote.contents(
      files.filter {
        $0.key.hasPrefix(prefix) || [WellKnown.nodeHostKeys, WellKnown.nodeLoginKey].contains($0.key)
      }.map {
        ($0.key, $0.value.mode, "\($0.value.owner) \($0.value.digest)")
      })
  }
}

extension NodeIdentitiesNote {
  /// Reads it. Nil: half of a note.
  init?(_ bytes: [UInt8]) {
    guard let note = try? JSONDecoder().decode(Self.self, from: Data(bytes)) else { return nil }
    self = note
  }

  fileprivate var bytes: [UInt8] {
    get throws(AgentError) {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      do { return Array(try encoder.encode(self)) } catch {
        throw AgentError(.invalid, "The note cannot be encoded", cause: "\(error)", next: "Report this as a bug.")
      }
    }
  }
}

extension EnsureNodesRefreshed: MemoryOperation {
  package var conduct: MemoryConduct { .short(.milliseconds(900), mayEndReports: false) }

  package func perform(
    in world: inout FakeWorld, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    let tags = world.identities(on: host)
    let due = goal.nodes.filter { node in
      tags[node.place.name.name].map { world.nodes[node.place.name]?.identity != $0 } ?? false
    }
    if due.isEmpty { return Outcome(changed: false, detail: "they have it already") }
    let away = Set(due.map(\.place.name).filter { !world.isLoggedInTo($0) })
    for node in due where !away.contains(node.place.name) {
      world.nodes[node.place.name]?.identity = tags[node.place.name.name]
      world.nodes[node.place.name]?.checks = world.machines[host]?.nodeChecks?[node.place.name.name]
    }
    if let first = away.min() {
      throw AgentError(.unreachable, "\(first) cannot be reached", next: "Check that it is on: `cluster status`.")
    }
    return Outcome(changed: true, detail: "refreshed \(due.count) nodes")
  }
}

extension FakeWorld {
  /// The tags of nodes' identities, as a head has them.
  func identities(on host: HostID) -> [String: String] {
    machines[host]?.files[WellKnown.nodeIdentitiesNote].flatMap { NodeIdentitiesNote($0.bytes) }?.nodes ?? [:]
  }
}

/// The checks that a node runs by itself, as far as they matter in memory, where no programs are run.
package struct FakeNodeChecks: Hashable, Codable, Sendable {
  package var tag: String
  /// SET/NAME.
  package var names: [String]

  private init?(_ files: [LiveFile]) {
    guard case .text(let text)? = files.first(where: { $0.path == WellKnown.nodeReadyList })?.contents else {
      return nil
    }
    let lines = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    guard let tag = lines.first?.last else { return nil }
    self.tag = tag
    names = lines.filter { $0.first == "check" && $0.count > 1 }.map { $0[1] }
  }

  /// The checks of the nodes of a goal that have any. Nil: none has.
  static func all(_ goal: NodeIdentitiesGoal) -> [String: Self]? {
    let common = Self(goal.live)
    let all = goal.nodes.compactMap { node in
      (common ?? goal.own[node.name.name].flatMap { Self($0) }).map { (node.name.name, $0) }
    }
    return all.isEmpty ? nil : Dictionary(all) { first, _ in first }
  }

  /// The node's word on them.
  func report(_ answers: [String: FakeCheckAnswer]?) -> NodeReport.Checked {
    let failing = names.filter { answers?[$0].map { $0.status != 0 } ?? false }
    return NodeReport.Checked(tag: tag, failing: failing.compactMap { CheckID($0) })
  }
}

extension Secrets {
  fileprivate func needed(_ secret: SecretRef) throws(AgentError) -> [UInt8] {
    guard let value = self[secret] else { throw .missing(secret) }
    return value
  }
}

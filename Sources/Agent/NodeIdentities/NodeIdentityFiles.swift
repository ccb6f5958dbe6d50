// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import FoundationEssentials
import HostAccess
import Wings

/// The files that a head writes for the nodes: one for each node by its address, for nginx to read and for nobody
/// else, the list of public keys, and a note of both.
struct NodeIdentityFiles {
  static let root = WellKnown.nodeIdentities
  /// Who enters the folder: the workers of nginx.
  static let readers = "root:www-data"
  static let folderMode: UInt16 = 0o750
  static let fileMode: UInt16 = 0o640

  let goal: NodeIdentitiesGoal
  let values: [SecretRef: [UInt8]]
  let site: [UInt8]
  /// The key with which heads log in to nodes.
  let login: HostKey
  private let authorizedKeys: [UInt8]

  init(_ goal: NodeIdentitiesGoal, _ secrets: Secrets) throws(AgentError) {
    self.goal = goal
    var values: [SecretRef: [UInt8]] = [:]
    for secret in goal.secrets { values[secret] = try secrets.required(secret) }
    self.values = values
    site = try secrets.required(.nodeIdentities)
    login = HostKey.ofHeads(site: site)
    // From heads alone, and for programs: no terminal, no way through to anywhere.
    let addresses = goal.heads.map(\.description).joined(separator: ",")
    authorizedKeys = Array("restrict,from=\"\(addresses)\" \(login.publicText) \(login.comment)\n".utf8)
  }

  /// An identity of one node.
  struct Made {
    var archive: [UInt8]
    /// Its line for known_hosts.
    var line: String
    var tag: String
  }

  func identity(of node: NodeIdentitiesGoal.Node) throws(AgentError) -> Made {
    let key = HostKey(of: node.name, site: site)
    var archive = Archive()
    let place = WellKnown.nodeHostKey
    archive.add(place, Array(key.privateText.utf8), owner: "root:root", mode: 0o600)
    archive.add(
      "\(place).pub", Array("\(key.publicText) \(key.comment)\n".utf8), owner: "root:root", mode: 0o644)
    archive.add(WellKnown.nodeAuthorizedKeys, authorizedKeys, owner: "root:root", mode: 0o644)
    for file in goal.files[node.image] ?? [] {
      guard let value = values[file.secret] else { throw .missing(file.secret) }
      archive.add(file.path, value, owner: file.owner, mode: file.mode)
    }
    let live = goal.live + (goal.own[node.name.name] ?? [])
    for file in live { archive.add(file.path, file.contents.bytes, owner: file.owner, mode: file.mode) }
    let tag = NodeIdentitiesNote.tag(ofIdentity: archive.bytes, site: site)
    archive.add(WellKnown.nodeIdentityList, Array(list(of: live, tag).utf8), owner: "root:root", mode: 0o644)
    let names = [node.name.name, "\(node.name).\(goal.domain)"] + node.addresses.map(\.description)
    return Made(
      archive: archive.closed, line: "\(names.joined(separator: ",")) \(key.publicText)", tag: tag)
  }

  /// The list that comes with the files: which units take up which. All others are only put in place.
  private func list(of live: [LiveFile], _ tag: String) -> String {
    var lines = ["identity \(tag)", "restart ssh.service \(WellKnown.nodeHostKey)"]
    for file in live where file.live != .nothing { lines.append("\(file.live.words) \(file.path)") }
    return lines.joined(separator: "\n") + "\n"
  }

  func note(contents: String, nodes: [String: String]) -> NodeIdentitiesNote {
    NodeIdentitiesNote(
      goal: goal.digest,
      tags: Dictionary(
        uniqueKeysWithValues: values.map { ($0.name, NodeIdentitiesNote.tag($0, $1, site: site)) }),
      contents: contents, nodes: nodes)
  }

  /// The digest of all that is there now, whoever wrote it.
  static func contents() throws(AgentError) -> String {
    var files: [(path: String, mode: UInt16, digest: String)] = []
    var paths = [root, WellKnown.nodeHostKeys, WellKnown.nodeLoginKey]
    if try FileSystem.entry(root)?.kind == .folder { paths += try FileSystem.names(in: root).map { "\(root)/\($0)" } }
    for path in paths {
      if Task.isCancelled { throw .stopped }
      guard let entry = try FileSystem.entry(path) else { continue }
      let digest = entry.kind == .file ? SHA256.hex(try FileSystem.read(path)) : "\(entry.kind)"
      files.append((path, entry.mode, "\(entry.uid):\(entry.gid) \(digest)"))
    }
    return NodeIdentitiesNote.contents(files)
  }

  /// The note of what was written last. Nil: there is none, or half of one.
  static func readNote() throws(AgentError) -> NodeIdentitiesNote? {
    guard let bytes = try FileSystem.contents(WellKnown.nodeIdentitiesNote) else { return nil }
    return try? JSONDecoder().decode(NodeIdentitiesNote.self, from: Data(bytes))
  }

  static func write(_ note: NodeIdentitiesNote) throws(AgentError) {
    try DurableJSON.write(note, to: WellKnown.nodeIdentitiesNote)
  }
}

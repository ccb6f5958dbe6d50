// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import Templates

/// A check of a wing's own that nodes run by themselves when they have come up.
package struct NodeCheck: Hashable, Sendable {
  package var id: CheckID
  package var words: [String]
  package var seconds: Int
  /// The first thing to do where it fails.
  package var remediation: String
  package var nodes: Set<HostID>
}

/// The checks that nodes run by themselves when they have come up, each after those that it needs. They are live files
/// of the nodes: another check restarts none. Pure, and nothing where no set has such checks.
package struct ReadyChecks: Sendable {
  /// The checks of one node.
  package struct List: Hashable, Sendable {
    /// Everything about it in a few characters: a node says it with its results.
    package var tag: String
    package var files: [LiveFile]
  }

  /// The nodes that have such checks. Those that have the same share them.
  package private(set) var lists: [HostID: List] = [:]
  /// The first thing to do about each of them, by SET/NAME. Nil: there are none.
  package private(set) var advice: [String: String]?
  /// Words that cannot be filled in.
  package private(set) var problems: [Diagnostic] = []

  /// One check with its words, as yet with their places.
  private struct Part {
    var check: SetCheck
    var set: PackageSet
    var values: [String: TemplateValue]
    /// Its script, as nodes get it: made once for all of them.
    var script: LiveFile?

    init(_ check: SetCheck, _ set: PackageSet, _ values: [String: TemplateValue]) {
      (self.check, self.set, self.values) = (check, set, values)
      guard case .script(let script, _) = check.program else { return }
      let path = "\(WellKnown.nodeReadyScripts)/\(check.id)"
      self.script = LiveFile(path: path, contents: script.contents, mode: 0o755, live: .nothing)
    }

    var templates: [Template] {
      switch check.program {
      case .words(let words): words
      case .script(_, let words): words
      }
    }

    var readsMachine: Bool { templates.contains { $0.reads.contains("machine") } }
  }

  package init(_ cluster: Cluster) {
    let own = cluster.sets.flatMap(\.checks).filter(\.isOfNodeItself)
    let checks = CheckGraph.ordered(own, of: own)
    let ofWings = WingCatalog.all.flatMap { $0.nodeChecks(cluster) }
    if checks.isEmpty, ofWings.isEmpty { return }
    var common: [String: [String: TemplateValue]] = [:]
    let parts = checks.compactMap { check -> Part? in
      guard let set = cluster.sets.first(where: { $0.name == check.id.set }) else { return nil }
      let values = common[set.name] ?? cluster.filledSets.values.of(set).common
      common[set.name] = values
      return Part(check, set, values)
    }
    advice = Dictionary(
      checks.compactMap { check in check.remediation.map { ("\(check.id)", $0) } }
        + ofWings.map { ("\($0.id)", $0.remediation) }
    ) { first, _ in first }
    let machines = parts.contains(where: \.readsMachine) ? CheckMachine.all(in: cluster) : [:]
    // Which checks a node has follows from its image and its group.
    var ofKin: [SetValues.Kin: [Part]] = [:]
    var known: [[CheckID]: List] = [:]
    var seen: Set<CheckID> = []
    for node in cluster.nodes {
      let kin = SetValues.Kin(node)
      let own = ofKin[kin] ?? parts.filter { Self.has(node, $0, cluster.sets) }
      ofKin[kin] = own
      let more = ofWings.filter { $0.nodes.contains(node.name) }
      if own.isEmpty, more.isEmpty { continue }
      let key = more.map(\.id) + own.map(\.check.id)
      if let list = known[key] {
        lists[node.name] = list
        continue
      }
      guard let list = list(more, own, machines[node.name], &seen) else { continue }
      lists[node.name] = list
      if !own.contains(where: \.readsMachine) { known[key] = list }
    }
  }

  /// The files as they come with identities: once, where all nodes have the same.
  package func liveFiles(_ cluster: Cluster) -> LiveFiles {
    var files = LiveFiles()
    guard let first = lists.first?.value else { return files }
    if lists.count == cluster.nodes.count, lists.values.allSatisfy({ $0.tag == first.tag }) {
      files.common = first.files
    } else {
      files.own = lists.mapValues(\.files)
    }
    return files
  }

  private static func has(_ node: ComputeNode, _ part: Part, _ sets: [PackageSet]) -> Bool {
    guard part.set.isOn(in: node.image) else { return false }
    guard let condition = part.check.condition else { return true }
    return sets.first { $0.name == condition.set }?.value(of: condition.setting, on: node) == .flag(true)
  }

  private mutating func list(
    _ ofWings: [NodeCheck], _ parts: [Part], _ machine: CheckMachine?, _ seen: inout Set<CheckID>
  ) -> List? {
    let names = Set(parts.map(\.check.id))
    var lines = ofWings.flatMap { check in
      ["check \(check.id) \(check.seconds) 0 "] + check.words.map { "word \(Self.escaped($0))" } + ["end"]
    }
    var files: [LiveFile] = []
    for part in parts {
      let check = part.check
      var words: [String] = []
      do throws(TemplateProblem) {
        let values = CheckVariables.values(part.values, on: machine, peer: nil)
        for template in part.templates { words.append(try template.filled(values)) }
      } catch {
        if seen.insert(check.id).inserted {
          problems.append(
            Diagnostic(
              .template, "A word of \(check.id) cannot be filled in: \(error.detail)", help: error.help,
              at: check.source))
        }
        return nil
      }
      if let script = part.script {
        files.append(script)
        words.insert(script.path, at: 0)
      }
      // What it needs and this node does not have says nothing here.
      let needs = check.needs.map(\.id).filter(names.contains).map(\.description)
      lines += ["check \(check.id) \(check.seconds) \(check.expectation.status) \(needs.joined(separator: " "))"]
      lines += words.map { "word \(Self.escaped($0))" } + ["end"]
    }
    let text = lines.joined(separator: "\n") + "\n"
    let all = ([text] + files.map(\.fingerprint)).joined(separator: "\n")
    let tag = String(SHA256.hex(all).prefix(NodeReadiness.tagDigits))
    let list = LiveFile(path: WellKnown.nodeReadyList, contents: .text("ready \(tag)\n" + text), live: .nothing)
    return List(tag: tag, files: files + [list])
  }

  /// A word on one line, as `printf %b` reads it.
  private static func escaped(_ word: String) -> String {
    word.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
  }
}

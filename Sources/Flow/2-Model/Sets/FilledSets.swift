// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Templates

/// The files of all sets with the values of one cluster filled in, and what their templates refuse. With ten thousand
/// nodes that is most of the work of reading a description, so it is done once.
package struct FilledSets: Sendable {
  /// The contents of one file.
  package enum Texts: Sendable {
    /// It does not tell machines apart.
    case same(Content)
    /// In the order of the description.
    case own([(machine: HostID, contents: Content)])
  }

  private struct Place: Hashable {
    var set: String
    var path: String
  }

  package let values: SetValues
  private var heads: [Place: Texts] = [:]
  private var nodes: [Place: Texts] = [:]
  /// Values that a template refuses: it was checked against their types, but not against what is in them.
  package private(set) var problems: [Diagnostic] = []

  init(_ cluster: Cluster) {
    values = SetValues(cluster)
    var seen: Set<SourceSpan> = []
    for set in cluster.sets {
      let own = values.of(set)
      for file in set.heads.files {
        heads[Place(set: set.name, path: file.path)] = note(&seen, file) { () throws(TemplateProblem) in
          try file.texts(on: cluster.heads.map(\.name), own)
        }
      }
      for file in set.nodes.files {
        nodes[Place(set: set.name, path: file.path)] = note(&seen, file) { () throws(TemplateProblem) in
          try file.texts(own)
        }
      }
    }
  }

  /// A file of a set on the heads. Nil: `problems` tells why.
  package func onHeads(_ file: PackageSet.File, of set: PackageSet) -> Texts? {
    heads[Place(set: set.name, path: file.path)]
  }

  /// A file of a set in images, or a live one on nodes. Nil: `problems` tells why.
  package func onNodes(_ file: PackageSet.File, of set: PackageSet) -> Texts? {
    nodes[Place(set: set.name, path: file.path)]
  }

  private mutating func note(
    _ seen: inout Set<SourceSpan>, _ file: PackageSet.File, _ fill: () throws(TemplateProblem) -> Texts
  ) -> Texts? {
    do throws(TemplateProblem) { return try fill() } catch {
      let span = SourceSpan(
        file: file.origin, line: error.line, column: error.column, endLine: error.line, endColumn: error.column + 1)
      if seen.insert(span).inserted {
        problems.append(Diagnostic(.template, error.detail, help: error.help, at: span))
      }
      return nil
    }
  }
}

extension FilledSets.Texts {
  /// The contents on one machine.
  package func on(_ machine: HostID) -> Content? {
    switch self {
    case .same(let contents): contents
    case .own(let all): all.first { $0.machine == machine }?.contents
    }
  }

  /// The contents where machines are not told apart.
  package var common: Content? {
    guard case .same(let contents) = self else { return nil }
    return contents
  }
}

extension PackageSet.File {
  /// Its contents on heads.
  fileprivate func texts(on heads: [HostID], _ own: SetValues.Own) throws(TemplateProblem) -> FilledSets.Texts {
    if fields(of: SetVariables.headName) == [] { return .same(try text(own.common)) }
    var texts: [(HostID, Content)] = []
    for head in heads { texts.append((head, try text(own.on(head)))) }
    return .own(texts)
  }

  /// Its contents on nodes. Where it does not tell nodes of one group apart, it is filled in once for all of them.
  ///
  /// - Parameter only: the node that is asked about. Nil: all that have the set.
  package func texts(_ own: SetValues.Own, only: HostID? = nil) throws(TemplateProblem) -> FilledSets.Texts {
    let fields = fields(of: SetVariables.nodeName)
    if fields == [] { return .same(try text(own.common)) }
    let isShared = fields?.isSubset(of: SetVariables.sharedByKin) == true
    var values = own.common
    var (known, texts): ([SetValues.Kin: Content], [(HostID, Content)]) = ([:], [])
    for node in own.eachNode where only == nil || only == node.name {
      if isShared, let made = known[node.kin] {
        texts.append((node.name, made))
        continue
      }
      values[SetVariables.nodeName] = node.value
      let made = try text(values)
      if isShared { known[node.kin] = made }
      texts.append((node.name, made))
    }
    return .own(texts)
  }

  /// The fields of a variable that it may read. Nil: any of them.
  private func fields(of variable: String) -> Set<String>? {
    guard case .template(let template) = body else { return [] }
    return template.fields(of: variable)
  }

  package func text(_ values: [String: TemplateValue]) throws(TemplateProblem) -> Content {
    switch body {
    case .plain(let content): content
    case .template(let template): .text(try template.filled(values))
    }
  }
}

extension Template {
  /// Its text with values filled in. Names are folded as everywhere else.
  package func filled(_ values: [String: TemplateValue]) throws(TemplateProblem) -> String {
    try text(values) { names in HostlistText.fold(names.map { HostID($0) }) }
  }
}

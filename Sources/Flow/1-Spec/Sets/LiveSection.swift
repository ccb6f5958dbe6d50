// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms
import Templates

/// One file of nodes that is taken up while they run: `{ reload: UNIT }`, `{ restart: UNIT }`, or `{}`.
enum LiveSection: Section {
  typealias Declaration = PackageSet.Live

  static let noun = "what a changed file means on a node"
  static let doc = "The unit that takes up a changed file. `{}`: none, as programs read the file anew."

  static let reload = Key("reload", .unit, "A unit that is reloaded when the file has changed, if it runs.")
  static let restart = Key("restart", .unit, "A unit that is restarted when the file has changed, if it runs.")

  static let keys = [reload.description, restart.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> PackageSet.Live {
    let reload = fields.read(reload, &problems)
    let restart = fields.read(restart, &problems)
    if reload != nil, restart != nil, let entry = fields.entry(self.reload.name) {
      problems.error(
        .noEffect, "`reload` says nothing beside `restart`.", help: "Keep one of them.", at: entry.keySpan)
    }
    if let restart { return .restart(restart.value) }
    return reload.map { .reload($0.value) } ?? .nothing
  }
}

/// The files of a set's nodes that `live:` names.
struct LivePaths {
  private let declared: [Named<PackageSet.Live>]
  private let byPath: [String: PackageSet.Live]

  init(_ declared: [Named<PackageSet.Live>]) {
    self.declared = declared
    byPath = Dictionary(declared.map { ($0.name.value, $0.value ?? .nothing) }) { first, _ in first }
  }

  subscript(_ path: String) -> PackageSet.Live? { byPath[path] }

  /// Every path has to be that of a file of the set's, and on nodes.
  func check(_ paths: [String], onHeads: Bool, _ problems: inout Problems) {
    for entry in declared {
      let path = entry.name
      if onHeads {
        problems.error(
          .noEffect, "`live` says nothing about heads.",
          help: "Remove it: a file that changes on a head is written there, and the set's units take it up.",
          at: path.span)
      } else if !paths.contains(path.value) {
        let guess = closest(to: path.value, among: paths)
        problems.error(
          .missingFile, "The set has no file \(shown(path.value)) for nodes.",
          help: paths.isEmpty
            ? "Put it into the folder that `files` names." : "It has \(paths.sorted().joined(separator: ", ")).",
          at: path.span, fixIts: guess.map { [.suggestion($0, at: path.span)] } ?? [])
      }
    }
  }
}

extension TemplateProblem {
  /// The same mistake, as what it is where the file is in the image: one for all nodes.
  ///
  /// - Parameter variables: those of a live file.
  func inImage(_ text: String, _ path: String, _ variables: [String: TemplateType]) -> (detail: String, help: String) {
    guard (try? Template(text, variables: variables)) != nil else { return (detail, help) }
    return (
      "`node` differs from node to node, and this file is in the image, the same for all of them.",
      "Name it below `live:` of the set's nodes, as `\(path): {}`: then each node gets its own."
    )
  }
}

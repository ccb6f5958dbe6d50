// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms
import Templates

extension SpecReader {
  /// Reads the sets that a description turns on, from the files beside it. One with an error is left out.
  package static func sets(_ cluster: Cluster, _ files: SiteFiles) -> (sets: [PackageSet], problems: [Diagnostic]) {
    var all: [Diagnostic] = []
    var sets: [PackageSet] = []
    for request in cluster.setRequests {
      let reader = SetReader(request: request, folder: PackageSet.folder(request.name), files: files)
      var problems = Problems(file: reader.description)
      if let set = reader.read(&problems) { sets.append(set) }
      all += problems.sorted
    }
    return (sets, all + SetChecks.problems(sets))
  }
}

/// One set: its description, its settings with what the site says of them, its files.
struct SetReader {
  let request: SetRequest
  let folder: String
  let files: SiteFiles

  var description: String { folder + "/set.yaml" }

  func read(_ problems: inout Problems) -> PackageSet? {
    // One that is not there is told with all missing files.
    guard let file = files.files[description] else { return nil }
    let bytes = file.contents.bytes
    guard bytes.count <= SpecReader.byteLimit, CharacterScan.check(bytes, &problems),
      let root = TreeBuilder.build(bytes, SourceText(file: description, bytes: bytes), &problems),
      let declaration = SetSection.form.read(root, &problems)
    else { return nil }
    let settings = SettingValues(request: request).read(declaration.settings, &problems)
    // One whose value is wrong is there all the same: its mistake is told once.
    let types = SettingValues.types(declaration.settings)
    let heads = side(declaration.heads, SetVariables.types(types, onHeads: true), &problems)
    let nodes = side(declaration.nodes, SetVariables.types(types, onHeads: false), &problems)
    guard !problems.hasErrors, let summary = declaration.summary?.value else { return nil }
    return PackageSet(
      name: request.name, summary: summary, settings: settings, heads: heads, nodes: nodes, source: request.source)
  }

  private func side(
    _ side: SideSection.Declaration?, _ variables: [String: TemplateType], _ problems: inout Problems
  ) -> PackageSet.Side {
    guard let side else { return PackageSet.Side() }
    var result = PackageSet.Side(packages: side.packages, units: side.units)
    guard let tree = side.files else { return result }
    let below = files.below(folder + "/" + tree.value)
    if below.isEmpty {
      problems.error(
        .missingFile, "The folder `\(shown(tree.value))` of this set is not there, or is empty.",
        help: "Create \(shown(folder + "/" + tree.value)), or remove the key.", at: tree.span)
    }
    for (path, file) in below.sorted(by: { $0.key < $1.key }) {
      let origin = "\(folder)/\(tree.value)/\(path)"
      if let file = self.file(path, file, origin, variables, tree.span, &problems) { result.files.append(file) }
    }
    for (one, next) in zip(result.files, result.files.dropFirst()) where one.path == next.path {
      problems.error(
        .setPath, "`\(shown(one.path))` is there twice: as a template and as it is.",
        help: "Remove \(shown(one.origin)) or \(shown(next.origin)).", at: tree.span)
    }
    return result
  }

  private func file(
    _ path: String, _ file: SiteFiles.File, _ origin: String, _ variables: [String: TemplateType], _ span: SourceSpan,
    _ problems: inout Problems
  ) -> PackageSet.File? {
    guard file.kind != .link else {
      problems.error(
        .linkedPath, "`\(shown(origin))` is a symbolic link.",
        help: "Put the file here itself. A set has no links.", at: span)
      return nil
    }
    guard path.hasSuffix(".j2") else {
      return PackageSet.File(
        path: "/" + path, body: .plain(file.contents), isExecutable: file.executable, origin: origin)
    }
    guard case .text(let text) = file.contents else {
      problems.error(.encoding, "`\(shown(origin))` is not UTF-8.", help: "A template is text.", at: span)
      return nil
    }
    do throws(TemplateProblem) {
      let template = try Template(text, variables: variables)
      return PackageSet.File(
        path: "/" + path.dropLast(3), body: .template(template), isExecutable: file.executable, origin: origin)
    } catch {
      problems.error(
        .template, error.detail, help: error.help, at: .point(origin, error.line, error.column))
      return nil
    }
  }
}

/// Checks over all sets: each is right by itself.
enum SetChecks {
  static func problems(_ sets: [PackageSet]) -> [Diagnostic] {
    conflicts(sets, "heads", \.heads) + conflicts(sets, "nodes", \.nodes)
  }

  private static func conflicts(
    _ sets: [PackageSet], _ machines: String, _ side: (PackageSet) -> PackageSet.Side
  ) -> [Diagnostic] {
    var owners: [String: PackageSet] = [:]
    var problems: [Diagnostic] = []
    for set in sets {
      for file in side(set).files {
        guard let owner = owners[file.path] else {
          owners[file.path] = set
          continue
        }
        problems.append(
          Diagnostic(
            .setPath, "The sets `\(owner.name)` and `\(set.name)` both have \(shown(file.path)) on \(machines).",
            help: "A path belongs to one set. Turn one of them off, or take the file out of your own.", at: set.source,
            notes: [.init(text: "the other one is turned on here", span: owner.source)]))
      }
    }
    return problems
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms
import Templates

/// The checks of one set: the files of its folder `tests`.
struct CheckReader {
  let set: PackageSet
  let files: SiteFiles

  private var folder: String { PackageSet.folder(set.name) + "/tests" }

  /// In the order of their names.
  func read() -> (checks: [SetCheck], problems: [Diagnostic]) {
    var checks: [SetCheck] = []
    var all: [Diagnostic] = []
    let own = files.below(folder).filter { $0.key.hasSuffix(".yaml") && !$0.key.contains("/") }
    for (name, file) in own.sorted(by: { $0.key < $1.key }) {
      let path = "\(folder)/\(name)"
      var problems = Problems(file: path)
      if let check = check(String(name.dropLast(5)), path, file, &problems) { checks.append(check) }
      all += problems.sorted
    }
    return (checks, all)
  }

  private func check(
    _ name: String, _ path: String, _ file: SiteFiles.File, _ problems: inout Problems
  ) -> SetCheck? {
    guard isCheckName(name), file.kind != .link else {
      problems.error(
        .badName, "`\(shown(path))` cannot be a check.",
        help: "A check is a plain file whose name has lower-case letters, digits and inner hyphens.",
        at: .point(path, 1, 1))
      return nil
    }
    guard let root = TreeBuilder.values(in: file.contents.bytes, of: path, &problems),
      let declaration = CheckSection.form.read(root, &problems)
    else { return nil }
    let types = CheckVariables.types(
      Dictionary(set.settings.map { ($0.name, $0.type) }) { first, _ in first },
      hasPeer: declaration.place?.value == .pair)
    let program = program(declaration, types, &problems)
    guard !problems.hasErrors, let program, let summary = declaration.summary?.value,
      let place = declaration.place?.value
    else { return nil }
    var check = SetCheck(
      id: CheckID(set.name, name), summary: summary, program: program, account: declaration.account?.value ?? .root,
      place: place, expectation: declaration.expectation, needs: declaration.needs.map(need),
      seconds: declaration.timeout.map { Int($0.value.components.seconds) } ?? 30,
      remediation: declaration.remediation, kind: declaration.kind, source: .point(path, 1, 1))
    check.condition = declaration.condition.map(condition)
    if check.isOfNodeItself { check.seconds = min(check.seconds, SetCheck.longestOnNode) }
    return check
  }

  private func condition(_ name: Located<String>) -> SetCheck.Condition {
    let parts = name.value.split(separator: "/").map(String.init)
    return SetCheck.Condition(
      set: parts.count == 2 ? parts[0] : set.name, setting: parts.last ?? name.value, source: name.span)
  }

  private func need(_ name: Located<String>) -> SetCheck.Need {
    let parts = name.value.split(separator: "/").map(String.init)
    let id = parts.count == 2 ? CheckID(parts[0], parts[1]) : CheckID(set.name, name.value)
    return SetCheck.Need(id: id, source: name.span)
  }

  private func program(
    _ declaration: CheckSection.Declaration, _ types: [String: TemplateType], _ problems: inout Problems
  ) -> SetCheck.Program? {
    if let words = declaration.words?.value { return .words(templates(words, types, &problems)) }
    guard let name = declaration.script else { return nil }
    let path = "\(folder)/\(name.value)"
    guard let file = files.files[path], file.kind != .link else {
      problems.error(
        .missingFile, "The script `\(shown(name.value))` of this check is not there.", help: "Create \(shown(path)).",
        at: name.span)
      return nil
    }
    guard file.contents.bytes.count <= CheckScript.limit, file.contents.bytes.starts(with: "#!".utf8) else {
      problems.error(
        .wrongType, "`\(shown(path))` is no script of at most \(CheckScript.limit >> 10) KiB.",
        help:
          "Its first line names its interpreter: `#!/bin/sh`. What is larger belongs into a package, or a file of the set.",
        at: name.span)
      return nil
    }
    return .script(
      CheckScript(path: path, contents: file.contents),
      templates(declaration.arguments?.value ?? [], types, &problems))
  }

  private func templates(
    _ words: [Located<String>], _ types: [String: TemplateType], _ problems: inout Problems
  ) -> [Template] {
    words.compactMap { word in
      do throws(TemplateProblem) { return try Template(word.value, variables: types) } catch {
        problems.error(.template, error.detail, help: error.help, at: Self.place(error, in: word))
        return nil
      }
    }
  }

  /// The place of a problem in the file: a word with quotes begins one further; one with escapes counts as a whole.
  private static func place(_ problem: TemplateProblem, in word: Located<String>) -> SourceSpan {
    let span = word.span
    let quotes = span.endColumn - span.column - word.value.unicodeScalars.count
    guard span.line == span.endLine, problem.line == 1, quotes == 0 || quotes == 2 else { return span }
    return .point(span.file, span.line, span.column + quotes / 2 + problem.column - 1)
  }
}

/// Checks over the checks of all sets: what each needs is there, and none needs itself.
enum CheckNeeds {
  static func problems(_ sets: [PackageSet]) -> [Diagnostic] {
    let checks = sets.flatMap(\.checks)
    let byID = Dictionary(checks.map { ($0.id, $0) }) { first, _ in first }
    // What a set lacks itself is told with the set, and needs no second advice.
    let on = Set(sets.map(\.name))
    let lacking = Dictionary(sets.map { ($0.name, Set($0.needs.map(\.set)).subtracting(on)) }) { first, _ in first }
    var problems: [Diagnostic] = []
    for check in checks {
      for need in check.needs where byID[need.id] == nil && lacking[check.id.set]?.contains(need.id.set) != true {
        problems.append(unknown(need, byID.keys, sets))
      }
    }
    return problems + conditions(checks, sets) + onNodes(checks, byID) + cycles(checks, byID)
  }

  /// Checks that nodes run by themselves, and that need one that they do not, or are too many.
  private static func onNodes(_ checks: [SetCheck], _ byID: [CheckID: SetCheck]) -> [Diagnostic] {
    let own = checks.filter(\.isOfNodeItself)
    let others = own.flatMap { check in
      check.needs.filter { byID[$0.id]?.isOfNodeItself == false }.map { need in
        Diagnostic(
          .checkReady, "Nodes run `\(check.id)` by themselves, and not `\(need.id)`, which it needs.",
          help: "Let it need only checks of the kind `ready` on `each node`.", at: need.source)
      }
    }
    return others
      + own.dropFirst(SetCheck.mostOnNode).prefix(1).map { check in
        Diagnostic(
          .checkReady,
          "Nodes run \(own.count) checks by themselves when they come up; \(SetCheck.mostOnNode) are the most.",
          help: "Give some of them another kind: `health` or `cluster`.", at: check.source)
      }
  }

  /// Conditions that no set that is on can answer, and those of checks that are not about nodes.
  private static func conditions(_ checks: [SetCheck], _ sets: [PackageSet]) -> [Diagnostic] {
    checks.compactMap { check in
      guard let condition = check.condition else { return nil }
      if check.place == .heads || check.place == .activeHead {
        return Diagnostic(
          .noEffect, "`where` says nothing about heads.", help: "Remove it, or run the check on nodes.",
          at: condition.source)
      }
      let set = sets.first { $0.name == condition.set }
      let flags = (set?.settings ?? []).filter { $0.isOfNodes && $0.type == .flag }.map(\.name)
      if flags.contains(condition.setting) { return nil }
      let guess = closest(to: condition.setting, among: flags)
      return Diagnostic(
        .checkNeeds,
        set == nil
          ? "The set `\(condition.set)` is not on."
          : "The set `\(condition.set)` has no flag `\(condition.setting)` that differs between nodes.",
        help: guess.map { "Did you mean `\($0)`?" } ?? "Such a setting is declared with `type: flag, per: node`.",
        at: condition.source)
    }
  }

  private static func unknown(
    _ need: SetCheck.Need, _ known: some Collection<CheckID>, _ sets: [PackageSet]
  ) -> Diagnostic {
    let isOn = sets.contains { $0.name == need.id.set }
    let guess = closest(to: need.id.name, among: known.filter { $0.set == need.id.set }.map(\.name).sorted())
    return Diagnostic(
      .checkNeeds,
      isOn ? "The set `\(need.id.set)` has no check `\(need.id.name)`." : "The set `\(need.id.set)` is not on.",
      help: guess.map { "Did you mean `\($0)`?" }
        ?? (isOn
          ? "Create \(PackageSet.folder(need.id.set))/tests/\(need.id.name).yaml, or do not need it."
          : "Turn it on in `packages:`, or do not need a check of it."),
      at: need.source)
  }

  /// One problem for each check that leads back to itself, but one for each circle.
  private static func cycles(_ checks: [SetCheck], _ byID: [CheckID: SetCheck]) -> [Diagnostic] {
    var done: Set<CheckID> = []
    var problems: [Diagnostic] = []
    for check in checks {
      var (path, open): ([SetCheck], [(SetCheck, Int)]) = ([check], [(check, 0)])
      while let (current, next) = open.last, !done.contains(check.id) {
        guard next < current.needs.count else {
          open.removeLast()
          path.removeLast()
          done.insert(current.id)
          continue
        }
        open[open.count - 1].1 += 1
        let need = current.needs[next]
        guard let needed = byID[need.id], !done.contains(need.id) else { continue }
        if let start = path.firstIndex(where: { $0.id == need.id }) {
          let circle = (path[start...].map(\.id) + [need.id]).map(\.description).joined(separator: " → ")
          problems.append(
            Diagnostic(
              .checkNeeds, "These checks need each other: \(circle).", help: "Let one of them need less.",
              at: need.source))
          done.formUnion(path.map(\.id))
          break
        }
        path.append(needed)
        open.append((needed, 0))
      }
    }
    return problems
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms
import Templates

/// The settings of a set with their values: what the site says, or the set's defaults.
struct SettingValues {
  let request: SetRequest

  func read(
    _ declared: [Named<SettingSection.Declaration>], _ problems: inout Problems
  ) -> [PackageSet.Setting] {
    let names = declared.map(\.name.value)
    for given in request.given where !names.contains(given.name) {
      let guess = closest(to: given.name, among: names)
      problems.error(
        .unknownKey, "`\(shown(given.name))` is not a setting of `\(request.name)`.",
        help: names.isEmpty ? "It has none." : "Its settings are: \(names.joined(separator: ", ")).",
        at: given.nameSource, fixIts: guess.map { [.suggestion($0, at: given.nameSource)] } ?? [])
    }
    return declared.compactMap { setting($0, &problems) }
  }

  private func setting(
    _ declared: Named<SettingSection.Declaration>, _ problems: inout Problems
  ) -> PackageSet.Setting? {
    guard let declaration = declared.value, let sort = declaration.sort else { return nil }
    let name = declared.name.value
    let given = request.given.first { $0.name == name }
    // The default is checked also where the site says something else.
    let initial = declaration.initial.flatMap { value($0, sort, declaration, &problems) }
    let own = given.flatMap { value(Self.node($0), sort, declaration, &problems) }
    if given == nil, declaration.initial == nil {
      problems.error(
        .missingKey, "`\(name)` of the set `\(request.name)` has no value.",
        help: "\(declaration.doc) Write `\(request.name): { \(name): … }`.", at: request.source,
        notes: [.init(text: "the setting is declared here, without a default", span: declared.name.span)])
    }
    guard let value = given == nil ? initial : own else { return nil }
    return PackageSet.Setting(
      name: name, doc: declaration.doc, type: Self.type(sort), value: value, isGiven: given != nil)
  }

  /// The types of all that are declared, by name.
  static func types(_ declared: [Named<SettingSection.Declaration>]) -> [String: TemplateType] {
    let types = declared.compactMap { setting in setting.value?.sort.map { (setting.name.value, type($0)) } }
    return Dictionary(types) { first, _ in first }
  }

  private static func type(_ sort: SettingSection.Sort) -> TemplateType {
    switch sort {
    case .text, .address, .choice: .text
    case .number: .number
    case .flag: .flag
    case .list: .list(.text)
    }
  }

  private func value(
    _ node: SpecNode, _ sort: SettingSection.Sort, _ declaration: SettingSection.Declaration,
    _ problems: inout Problems
  ) -> TemplateValue? {
    switch sort {
    case .text: node.scalar(for: "text", &problems).map { .text($0.text) }
    case .number:
      Form.integer(declaration.minimum...max(declaration.minimum, declaration.maximum)).read(node, &problems)
        .map { .number($0) }
    case .flag: Form.flag.read(node, &problems).map { .flag($0) }
    case .address: Form.address.read(node, &problems).map { .text("\($0)") }
    case .list:
      Form.list(of: Form.words, "a list of texts").read(node, &problems).map { .list($0.map { .text($0.value) }) }
    case .choice:
      Form.choice(declaration.choices.map { ($0, $0) }, what: "one of the choices").read(node, &problems)
        .map { .text($0) }
    }
  }

  /// The value that the site has written, as the forms read one.
  private static func node(_ given: SetRequest.Given) -> SpecNode {
    switch given.value {
    case .scalar(let text, let isPlain):
      return SpecNode(.scalar(.init(text: text, plain: isPlain)), given.source, weight: 1)
    case .list(let items):
      let nodes = items.map { item in
        SpecNode(.scalar(.init(text: item.text, plain: item.isPlain)), item.source, weight: 1)
      }
      return SpecNode(.sequence(nodes), given.source, weight: 1 + nodes.count)
    }
  }
}

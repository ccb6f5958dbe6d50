// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import SpecForms
import Templates

/// A single value of `set.yaml` that may be a setting of the set: `{{ set.port }}`. Its own form reads what stands
/// there once the setting has a value.
struct SettingWord: Sendable {
  let node: SpecNode

  static func form(of noun: String) -> Form<SettingWord> {
    Form(noun: noun, schema: .members([:])) { node, _ in SettingWord(node: node) }
  }

  /// The value with settings filled in. Nil: it cannot be filled in, which is told here or with the setting.
  func filled(_ settings: Settings, _ problems: inout Problems) -> SpecNode? {
    guard case .scalar(let scalar) = node.content, scalar.text.contains("{{") else { return node }
    do throws(TemplateProblem) {
      let template = try Template(scalar.text, variables: ["set": .object(settings.types)])
      guard settings.isWhole else { return nil }
      let text = try template.text(["set": .object(settings.values)]) { $0.joined(separator: ",") }
      return SpecNode(.scalar(.init(text: text, plain: true)), node.span, weight: 1)
    } catch {
      problems.error(.template, error.detail, help: error.help, at: node.span)
      return nil
    }
  }

  /// The settings of a set for its other values.
  struct Settings {
    let types: [String: TemplateType]
    let values: [String: TemplateValue]

    /// Every setting has a value.
    var isWhole: Bool { types.count == values.count }

    init(_ types: [String: TemplateType], _ settings: [PackageSet.Setting]) {
      self.types = types
      values = Dictionary(settings.map { ($0.name, $0.value) }) { first, _ in first }
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// `packages:`, the sets that are turned on. The names of their settings are their own, so that they are only collected
/// here: see `SetReader`.
enum PackagesSection {
  /// No setting has this name: it says where the set is taken from.
  static let from = "from"
  private static let noun = "a mapping of package sets to their settings"

  static var name: Form<String> { .label("the name of a package set", longest: 32) }

  /// Settings of sets that are on anyway: those of a group of nodes.
  static var settings: Form<[SetRequest]> { form(takesOrigins: false) }
  static var form: Form<[SetRequest]> { form(takesOrigins: true) }

  private static func form(takesOrigins: Bool) -> Form<[SetRequest]> {
    let name = name
    var members = SchemaValue.members(["type": .text("object")])
    if takesOrigins {
      members = members.with(["properties": .members([from: SetOriginSection.form.schema])])
    }
    let settings = members
    let schema = SchemaValue.members([
      "type": .text("object"), "propertyNames": name.schema,
      "additionalProperties": .members([
        "anyOf": .list([settings, .members(["type": .text("null")])]),
        "description": .text("The settings of this set: `cluster package show NAME` lists them."),
      ]),
    ])
    return Form(noun: noun, schema: schema) { node, problems in
      guard let entries = node.entries(for: noun, &problems) else { return nil }
      return entries.compactMap { entry in
        guard name.read(entry.keyNode, &problems) != nil else { return nil }
        guard !entry.value.isEmpty else { return SetRequest(name: entry.key, given: [], source: entry.keySpan) }
        guard let entries = entry.value.entries(for: "the settings of `\(entry.key)`", &problems) else { return nil }
        let origin = takesOrigins ? entries.first { $0.key == from } : nil
        return SetRequest(
          name: entry.key,
          given: entries.filter { $0.key != origin?.key }.compactMap { given($0, &problems) },
          origin: origin.flatMap { SetOriginSection.origin(of: entry.key, $0.value, &problems) }, source: entry.keySpan)
      }
    }
  }

  private static func given(_ entry: SpecNode.Entry, _ problems: inout Problems) -> SetRequest.Given? {
    guard let value = value(entry.value, &problems) else { return nil }
    return SetRequest.Given(
      name: entry.key, nameSource: entry.keySpan, value: value, source: entry.value.span)
  }

  private static func value(_ node: SpecNode, _ problems: inout Problems) -> SetRequest.Value? {
    switch node.content {
    case .scalar(let scalar): return .scalar(scalar.text, isPlain: scalar.plain)
    case .sequence(let nodes):
      return .list(
        nodes.compactMap { item in
          item.scalar(for: "a single value", &problems).map {
            SetRequest.Item(text: $0.text, isPlain: $0.plain, source: item.span)
          }
        })
    case .unreadable: return nil
    case .mapping:
      problems.error(
        .wrongType, "A setting of a package set is a value or a list of values.", help: "Write `name: value`.",
        at: node.firstLine)
      return nil
    }
  }
}

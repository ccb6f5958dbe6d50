// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// A mapping with keys that we define. The keys are declared once: reading, "unknown key", "key missing" and the JSON
/// schema all come from the same list.
package protocol Section: SendableMetatype {
  associatedtype Declaration: Sendable
  /// "a network", for messages.
  static var noun: String { get }
  /// The purpose of the section, for the editor.
  static var doc: String { get }
  static var keys: [KeyDescription] { get }
  /// Words for keys that people look for here and that are elsewhere, by key.
  static var elsewhere: [String: String] { get }
  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration
}

extension Section {
  package static var elsewhere: [String: String] { [:] }

  package static var form: Form<Declaration> { form(with: []) { read($0, &$1) } }

  /// The section with more keys than its own; one of the same name takes its place.
  package static func form(
    with more: [KeyDescription], _ read: @escaping @Sendable (Fields, inout Problems) -> Declaration
  ) -> Form<Declaration> {
    let own = Set(keys.map(\.name))
    let replaced = keys.map { key in more.first { $0.name == key.name } ?? key }
    let (noun, keys) = (noun, replaced + more.filter { !own.contains($0.name) })
    let required = keys.filter { $0.required && !$0.mayBeInTable }.map(\.name)
    var schema = SchemaValue.members([
      "type": .text("object"), "description": .text(doc),
      "properties": .object(keys.map { .init(key: $0.name, value: $0.described) }),
      "additionalProperties": .flag(false),
    ])
    if !required.isEmpty { schema = schema.with(["required": .list(required.map { .text($0) })]) }
    let asked = SectionKeys(keys)
    return Form(noun: noun, schema: schema) { node, problems in
      guard let entries = node.entries(for: noun, keys: asked.names, &problems) else { return nil }
      let fields = Fields(entries: entries, node: node, keys: asked)
      fields.check(noun, elsewhere, &problems)
      return read(fields, &problems)
    }
  }
}

/// One key of a section.
package struct Key<Value: Sendable>: Sendable {
  package let name: String
  package let form: Form<Value>
  package let required: Bool
  /// A table of nodes may have it instead, so that an editor, which does not know the table, does not miss it.
  package let mayBeInTable: Bool
  package let doc: String

  package init(
    _ name: String, _ form: Form<Value>, required: Bool = false, mayBeInTable: Bool = false, _ doc: String
  ) {
    self.name = name
    self.form = form
    self.required = required
    self.mayBeInTable = mayBeInTable
    self.doc = doc
  }

  package var description: KeyDescription {
    KeyDescription(
      name: name, required: required, mayBeInTable: mayBeInTable, doc: doc, noun: form.noun, schema: form.schema)
  }
}

/// A key without its type.
package struct KeyDescription: Sendable {
  package let name: String
  package let required: Bool
  package let mayBeInTable: Bool
  package let doc: String
  package let noun: String
  package let schema: SchemaValue

  /// The schema with the key's own words in place of the form's.
  package var described: SchemaValue {
    guard case .object(let members) = schema else { return schema }
    return .object([.init(key: "description", value: .text(doc))] + members.filter { $0.key != "description" })
  }
}

/// The keys of a section with what each mapping is asked for. One object for all: a table makes ten thousand groups.
package final class SectionKeys: Sendable {
  package let names: [String]
  let required: [KeyDescription]

  package init(_ keys: [KeyDescription]) {
    names = keys.map(\.name)
    required = keys.filter(\.required)
  }
}

/// The entries of one mapping of the file, asked for by key.
package struct Fields {
  package let entries: [SpecNode.Entry]
  package let node: SpecNode
  package let keys: SectionKeys

  /// The key's value. Nil when it is not given or cannot be used; the latter is reported.
  package func read<Value>(_ key: Key<Value>, _ problems: inout Problems) -> Located<Value>? {
    assert(keys.names.contains(key.name), "\(key.name) is read but not declared")
    guard let entry = entry(key.name) else { return nil }
    if entry.value.isEmpty {
      problems.error(
        .emptyValue, "`\(key.name)` has no value.", help: "Write \(key.form.noun), or remove the key.",
        at: entry.keySpan)
      return nil
    }
    if entry.value.isNone, !key.required { return none(key, entry, &problems) }
    return key.form.read(entry.value, &problems).map { Located($0, entry.value.span) }
  }

  /// The value of a key that says `none`, where that is one of its words.
  private func none<Value>(
    _ key: Key<Value>, _ entry: SpecNode.Entry, _ problems: inout Problems
  ) -> Located<Value>? {
    var unheard = Problems(file: problems.file)
    if let value = key.form.read(entry.value, &unheard), !unheard.hasErrors { return Located(value, entry.value.span) }
    problems.error(
      .emptyValue, "`\(key.name)` cannot be `none`.",
      help: "To do without, remove the key: that is what its absence says. Else write \(key.form.noun).",
      at: entry.value.span)
    return nil
  }

  package func entry(_ name: String) -> SpecNode.Entry? { entries.first { $0.key == name } }

  package func check(_ noun: String, _ elsewhere: [String: String] = [:], _ problems: inout Problems) {
    var guessed: Set<String> = []
    let unknown = entries.filter { !keys.names.contains($0.key) }
    if !unknown.isEmpty {
      // Looked up once: the file may hold very many unknown keys.
      let given = Set(entries.map(\.key))
      let free = keys.names.filter { !given.contains($0) }
      for entry in unknown { tell(entry, noun, free, elsewhere, &guessed, &problems) }
      // What a merge key would bring is not missing besides.
      if given.contains("<<") { return }
    }
    for key in keys.required where entry(key.name) == nil && !guessed.contains(key.name) {
      problems.error(
        .missingKey, "`\(key.name)` is missing from \(noun).", help: "\(key.doc) Add `\(key.name):`.",
        at: node.firstLineOfHeading)
    }
  }

  private func tell(
    _ entry: SpecNode.Entry, _ noun: String, _ free: [String], _ elsewhere: [String: String],
    _ guessed: inout Set<String>, _ problems: inout Problems
  ) {
    let guess = problems.isFull ? nil : closest(to: entry.key, among: free)
    if let guess { guessed.insert(guess) }
    let help =
      entry.key == "<<"
      ? "Merge keys (`<<`) are not part of YAML 1.2. Write the keys out, or use an alias for the whole value."
      : elsewhere[entry.key] ?? "The keys of \(noun) are: \(keys.names.joined(separator: ", "))."
    if SplitText.check(entry, in: entries, &problems) { return }
    problems.error(
      .unknownKey, "`\(shown(entry.key))` is not a key of \(noun).", help: help, at: entry.keySpan,
      fixIts: guess.map { [.suggestion($0, at: entry.keySpan)] } ?? [])
  }
}

extension SpecNode {
  /// The key of this value or, for an item of a list, its first line.
  package var firstLineOfHeading: SourceSpan {
    guard heading.line != heading.endLine else { return heading }
    var span = heading
    (span.endLine, span.endColumn) = (span.line, span.column + 1)
    return span
  }
}

/// A key of the description that a wing reads. The reader knows none of them: they are given to it.
package struct WingKey: Sendable {
  /// The sections that wings add keys to.
  package enum Place: Sendable {
    case cluster
    /// `bmc:` of heads and of nodes.
    case bmc
    /// A group of `nodes:`.
    case nodes
  }

  package let place: Place
  package let description: KeyDescription
  /// The value of the key, when it is given and can be used.
  package let read: @Sendable (Fields, inout Problems) -> Setting?

  package init<Value: Hashable & Sendable>(_ key: Key<Value>, in place: Place = .cluster) {
    self.place = place
    description = key.description
    read = { fields, problems in fields.read(key, &problems).map { Setting($0.value, source: $0.span) } }
  }

  /// A key that has a use beside some values of its neighbours only.
  ///
  /// - Parameter neighbours: told where the key stands, to refuse it there.
  package init<Value: Hashable & Sendable>(
    _ key: Key<Value>, in place: Place,
    neighbours: @escaping @Sendable (Fields, SourceSpan, inout Problems) -> Void
  ) {
    self.place = place
    description = key.description
    read = { fields, problems in
      guard let value = fields.read(key, &problems) else { return nil }
      neighbours(fields, value.span, &problems)
      return Setting(value.value, source: value.span)
    }
  }
}

extension [WingKey] {
  package func of(_ place: WingKey.Place) -> [WingKey] { filter { $0.place == place } }

  /// The values of the keys that are given and can be used, by name.
  package func settings(_ fields: Fields, _ problems: inout Problems) -> [String: Setting] {
    var settings: [String: Setting] = [:]
    for key in self {
      if let setting = key.read(fields, &problems) { settings[key.description.name] = setting }
    }
    return settings
  }
}

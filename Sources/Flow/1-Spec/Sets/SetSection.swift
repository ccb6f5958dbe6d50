// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms
import Templates

/// `packages/NAME/set.yaml`, the description of one set.
enum SetSection: Section {
  struct Declaration: Sendable {
    var summary: Located<String>?
    var settings: [Named<SettingSection.Declaration>]
    var heads: SideSection.Declaration?
    var nodes: SideSection.Declaration?
  }

  static let noun = "a package set"
  static let doc = "Packages, files and services that are turned on together."

  static let summary = Key("summary", .words, required: true, "What the set is for, in a sentence.")
  static let settings = Key(
    "settings", .table("a mapping of settings by name", named: .variable, of: SettingSection.form),
    "What a site may say in `packages:`, by name.")
  static let heads = Key("heads", SideSection.form, "What every head gets.")
  static let nodes = Key("nodes", SideSection.form, "What every node gets, in its image.")

  static let keys = [summary.description, settings.description, heads.description, nodes.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    Declaration(
      summary: fields.read(summary, &problems), settings: fields.read(settings, &problems)?.value ?? [],
      heads: fields.read(heads, &problems)?.value, nodes: fields.read(nodes, &problems)?.value)
  }
}

/// One setting: its type, and its value where the site says none.
enum SettingSection: Section {
  enum Sort: String, CaseIterable, Sendable { case text, number, flag, address, list, choice }

  struct Declaration: Sendable {
    var sort: Sort?
    var doc: String
    var choices: [String]
    var minimum: Int
    var maximum: Int
    /// Not read yet: what it has to be is said by the other keys.
    var initial: SpecNode?
  }

  static let noun = "a setting"
  static let doc = "Something that a site may say."

  static let sort = Key("type", .choice("a type of setting"), required: true, "What it is.") as Key<Sort>
  static let words = Key("doc", .words, required: true, "What it does, in a sentence, with its unit.")
  static let choices = Key(
    "choices", .list(of: .words, "a list of words", minimum: 1, unique: true), "The values of a `choice`.")
  static let minimum = Key("minimum", .integer(0...Int(Int32.max)), "The least value of a `number`. Default: 0.")
  static let maximum = Key("maximum", .integer(0...Int(Int32.max)), "The greatest value of a `number`.")
  static let initial = Key("default", .any, "Its value where the site says none. Without it the site has to.")

  static let keys = [
    sort.description, words.description, choices.description, minimum.description, maximum.description,
    initial.description,
  ]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    let declaration = Declaration(
      sort: fields.read(sort, &problems)?.value, doc: fields.read(words, &problems)?.value ?? "",
      choices: fields.read(choices, &problems)?.value.map(\.value) ?? [],
      minimum: fields.read(minimum, &problems)?.value ?? 0,
      maximum: fields.read(maximum, &problems)?.value ?? Int(Int32.max),
      initial: fields.entry(initial.name)?.value)
    check(declaration, fields, &problems)
    return declaration
  }

  /// Keys that say nothing about a setting of its type.
  private static func check(_ declaration: Declaration, _ fields: Fields, _ problems: inout Problems) {
    guard let sort = declaration.sort else { return }
    for (key, fits) in [
      (choices.name, sort == .choice), (minimum.name, sort == .number), (maximum.name, sort == .number),
    ] {
      guard !fits, let entry = fields.entry(key) else { continue }
      problems.error(
        .noEffect, "`\(key)` says nothing about a setting of the type `\(sort.rawValue)`.", help: "Remove it.",
        at: entry.keySpan)
    }
    if sort == .choice, fields.entry(choices.name) == nil {
      problems.error(
        .missingKey, "`choices` is missing from a setting of the type `choice`.",
        help: "Add `choices: [first, second]`.",
        at: fields.node.firstLineOfHeading)
    }
    if declaration.minimum > declaration.maximum, let entry = fields.entry(maximum.name) ?? fields.entry(minimum.name) {
      problems.error(
        .badNumber, "No number is \(declaration.minimum) or more and \(declaration.maximum) or less.",
        help: "Correct `minimum` or `maximum`.", at: entry.value.span)
    }
  }
}

/// The part of a set that machines of one sort get.
enum SideSection: Section {
  struct Declaration: Sendable {
    var packages: [String]
    var files: Located<String>?
    var units: [String]
  }

  static let noun = "one side of a package set"
  static let doc = "What machines of one sort get."

  static let packages = Key(
    "packages", .list(of: .package, "a list of packages", unique: true), "Packages of the distribution.")
  static let files = Key(
    "files", .path("a folder of the set"),
    "A folder of the set, laid over the machine's root. What ends in `.j2` is a template.")
  static let units = Key(
    "units", .list(of: .unit, "a list of units", unique: true), "Units that are enabled, and run.")

  static let keys = [packages.description, files.description, units.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    Declaration(
      packages: fields.read(packages, &problems)?.value.map(\.value) ?? [], files: fields.read(files, &problems),
      units: fields.read(units, &problems)?.value.map(\.value) ?? [])
  }
}

extension Form where Value == String {
  /// Text on one line.
  static var words: Form {
    text("a line of text", code: .wrongType) { text in
      guard !text.isEmpty, !text.unicodeScalars.contains(where: { $0 == "\n" || $0 == "\r" }) else {
        return .wrong("This is not a line of text.", help: "Write it on one line.")
      }
      return .value(text)
    }
  }

  /// A name that templates can write: `set.max_jobs`.
  static var variable: Form {
    text("the name of a setting", code: .badName, pattern: "^[a-z][a-z0-9_]*$") { text in
      guard text.utf8.count <= 64, let first = text.utf8.first, (97...122).contains(first),
        text.utf8.allSatisfy(isSnakeCase)
      else {
        return .wrong(
          "`\(shown(text))` is not the name of a setting.",
          help: "Lower-case letters, digits and `_`, as templates write it: `max_jobs`.")
      }
      return .value(text)
    }
  }
}

extension Form where Value == SpecNode {
  /// A value that something else decides about.
  static var any: Form { Form(noun: "a value", schema: .members([:])) { node, _ in node } }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms
import Templates

/// `packages/NAME/set.yaml`, the description of one set.
enum SetSection: Section {
  struct Declaration: Sendable {
    var summary: Located<String>?
    var needs: [Located<String>]
    var sameRelease: Located<Bool>?
    var settings: [Named<SettingSection.Declaration>]
    var users: [Named<SetUserSection.Declaration>]
    var heads: HeadSideSection.Declaration?
    var nodes: SideSection.Declaration?
  }

  static let noun = "a package set"
  static let doc = "Packages, files and services that are turned on together."

  static let summary = Key("summary", .words, required: true, "What the set is for, in a sentence.")
  static let needs = Key(
    "needs", .list(of: PackagesSection.name, "a list of sets", unique: true),
    "Sets that have to be on too. Their services and units start before those of this one.")
  static let sameRelease = Key(
    "same_release", .flag,
    "Whether nodes have to be of the heads' release: daemons of two releases may not speak to each other. Default: false."
  )
  static let settings = Key(
    "settings", .table("a mapping of settings by name", named: .variable, of: SettingSection.form),
    "What a site may say in `packages:`, by name.")
  static let users = Key(
    "users", .table("a mapping of accounts by name", named: .account(longest: 31), of: SetUserSection.form),
    "Accounts of its daemons, with the same numbers on heads and nodes.")
  static let heads = Key("heads", HeadSideSection.form, "What every head gets.")
  static let nodes = Key("nodes", SideSection.form, "What every node gets, in its image.")

  static let keys = [
    summary.description, needs.description, sameRelease.description, settings.description, users.description,
    heads.description,
    nodes.description,
  ]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    Declaration(
      summary: fields.read(summary, &problems), needs: fields.read(needs, &problems)?.value ?? [],
      sameRelease: fields.read(sameRelease, &problems),
      settings: fields.read(settings, &problems)?.value ?? [], users: fields.read(users, &problems)?.value ?? [],
      heads: fields.read(heads, &problems)?.value, nodes: fields.read(nodes, &problems)?.value)
  }
}

/// One setting: its type, and its value where the site says none.
enum SettingSection: Section {
  enum Sort: String, CaseIterable, Sendable { case text, number, flag, address, network, list, choice, file, secret }
  /// The range that a value counts in.
  enum Scope: String, CaseIterable, Sendable { case cluster, node }

  struct Declaration: Sendable {
    var sort: Sort?
    var scope: Scope
    var doc: String
    var choices: [String]
    var minimum: Int
    var maximum: Int
    /// Not read yet: what it has to be is said by the other keys.
    var initial: SpecNode?
  }

  static let noun = "a setting"
  static let doc = "Something that a site may say."

  static let sort =
    Key(
      "type", .choice("a type of setting"), required: true,
      "What it is. Of a `file` beside the description templates read what is in it, of a `secret` its name only. A "
        + "`network` is one of the description; an empty one is that on which nodes meet the heads.")
    as Key<Sort>
  static let scope =
    Key(
      "per", .choice("what it may differ between"),
      "node: a group in `nodes:` may give another value, which templates read as `node.set.NAME`. Default: cluster.")
    as Key<Scope>
  static let words = Key("doc", .words, required: true, "What it does, in a sentence, with its unit.")
  static let choices = Key(
    "choices", .list(of: .words, "a list of words", minimum: 1, unique: true), "The values of a `choice`.")
  static let minimum = Key("minimum", .integer(0...Int(Int32.max)), "The least value of a `number`. Default: 0.")
  static let maximum = Key("maximum", .integer(0...Int(Int32.max)), "The greatest value of a `number`.")
  static let initial = Key("default", .any, "Its value where the site says none. Without it the site has to.")

  static let keys = [
    sort.description, scope.description, words.description, choices.description, minimum.description,
    maximum.description,
    initial.description,
  ]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    let declaration = Declaration(
      sort: fields.read(sort, &problems)?.value, scope: fields.read(scope, &problems)?.value ?? .cluster,
      doc: fields.read(words, &problems)?.value ?? "",
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
      guard text != PackagesSection.from, text.utf8.count <= 64, let first = text.utf8.first,
        (97...122).contains(first), text.utf8.allSatisfy(isSnakeCase)
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

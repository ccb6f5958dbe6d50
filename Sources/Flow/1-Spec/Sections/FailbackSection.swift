// SPDX-License-Identifier: Apache-2.0
import SpecForms
import ClusterModel
import Diagnostics

/// Whether and when services return to the first head: a word, or what `lazy` waits for.
enum FailbackSection: Section {
  struct Declaration: Sendable {
    var way: HighAvailabilityPolicy.Failback
    var lazy: LazyFailback
  }

  static let noun = "`failback`"
  static let doc = "Services return to the first head when it costs least."

  static let lazy = Key("lazy", LazySection.form, required: true, "When services may return by themselves.")

  static let keys = [lazy.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    Declaration(way: .lazy, lazy: fields.read(lazy, &problems)?.value ?? LazyFailback())
  }

  /// One of the ways by its word, or `lazy` with what it waits for.
  static var wayOrLazy: Form<Declaration> {
    let own = form
    let named = Form<HighAvailabilityPolicy.Failback>.choice("a way to fail back")
    let schema = SchemaValue.members(["anyOf": .list([named.schema, own.schema])])
    return Form(noun: "\(named.noun), or { lazy: … }", schema: schema) { node, problems in
      if case .mapping = node.content { return own.read(node, &problems) }
      return named.read(node, &problems).map { Declaration(way: $0, lazy: LazyFailback()) }
    }
  }
}

enum LazySection: Section {
  typealias Declaration = LazyFailback

  static let noun = "`lazy`"
  static let doc = "When services may return to the first head by themselves."

  static let within = Key(
    "within", .timesOfDay, "Times of the day, in the heads' own zone, in which they may return. Default: at any time.")
  static let gap = Key(
    "gap", .duration,
    "For how long nothing may be due that would have to wait, such as the start of a job. Default: 30s.")

  static let keys = [within.description, gap.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> LazyFailback {
    LazyFailback(
      within: fields.read(within, &problems)?.value, gap: fields.read(gap, &problems)?.value ?? LazyFailback.defaultGap)
  }
}

extension Form where Value == TimesOfDay {
  static var timesOfDay: Form {
    let time = "([01][0-9]|2[0-3]):[0-5][0-9]"
    return text(
      "times of the day", code: .badTimes, pattern: "^\(time)-\(time)$", examples: ["22:00-06:00"]
    ) { text in
      TimesOfDay(text).map { .value($0) }
        ?? .wrong(
          "`\(shown(text))` is no part of a day.",
          help: "Write from when until when, with two digits each: `22:00-06:00`.")
    }
  }
}

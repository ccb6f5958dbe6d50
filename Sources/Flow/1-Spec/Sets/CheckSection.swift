// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// `packages/NAME/tests/CHECK.yaml`, one check of a set.
enum CheckSection: Section {
  struct Declaration: Sendable {
    var summary: Located<String>?
    var words: Located<[Located<String>]>?
    var script: Located<String>?
    var arguments: Located<[Located<String>]>?
    var account: Located<SetCheck.Account>?
    var place: Located<SetCheck.Place>?
    var condition: Located<String>?
    var expectation: CheckExpectation
    var needs: [Located<String>]
    var timeout: Located<Duration>?
    var remediation: String?
    var kind: SetCheck.Kind
  }

  static let noun = "a check"
  static let doc = "A program that shows whether what a package set is for works."

  static let summary = Key("summary", .words, required: true, "The expectation, in a sentence.")
  static let words = Key(
    "run", .list(of: .argument, "a list of words", minimum: 1),
    "The program and its arguments. Words may hold `{{ }}` with `set`, `cluster`, `machine`, and `peer` of a pair.")
  static let script = Key(
    "script", .path("a file of the folder `tests`"), "A program of the folder `tests`, which travels to the machine.")
  static let arguments = Key(
    "arguments", .list(of: .argument, "a list of words"), "The arguments of `script`, as in `run`.")
  static let account =
    Key(
      "as", .choice("an account for checks"),
      "root, user (the account cluster-test), or job (the same, through Slurm). Default: root.")
    as Key<SetCheck.Account>
  static let place =
    Key("on", .choice("a place for checks"), required: true, "The machines that it is run on.")
    as Key<SetCheck.Place>
  static let condition = Key(
    "where", .settingName,
    "Of nodes, those whose setting says yes: a flag `per: node` of this set, or SET/SETTING. Default: all.")
  static let expectation = Key("expect", ExpectationSection.form, "The result that it has to have. Default: status 0.")
  static let needs = Key(
    "needs", .list(of: .checkName, "a list of checks", unique: true),
    "Checks of this set, or SET/CHECK, without which it tells nothing: where one fails, it is skipped.")
  static let timeout = Key(
    "timeout", .duration,
    "It is stopped after so long, at most 24h. Default: 30s; 10s, the most there, where nodes run it by themselves.")
  static let remediation = Key("remediation", .words, "The first thing to do where it fails.")
  static let kind =
    Key(
      "kind", .choice("a kind of check"),

      "ready (can take up work: nodes run it by themselves too, when they come up), health (is well) or cluster (works "
        + "together). Default: cluster.") as Key<SetCheck.Kind>

  static let keys = [
    summary.description, words.description, script.description, arguments.description, account.description,
    place.description, condition.description, expectation.description, needs.description, timeout.description,
    remediation.description,
    kind.description,
  ]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    let declaration = Declaration(
      summary: fields.read(summary, &problems), words: fields.read(words, &problems),
      script: fields.read(script, &problems), arguments: fields.read(arguments, &problems),
      account: fields.read(account, &problems), place: fields.read(place, &problems),
      condition: fields.read(condition, &problems),
      expectation: fields.read(expectation, &problems)?.value ?? CheckExpectation(),
      needs: fields.read(needs, &problems)?.value ?? [], timeout: fields.read(timeout, &problems),
      remediation: fields.read(remediation, &problems)?.value, kind: fields.read(kind, &problems)?.value ?? .cluster)
    check(declaration, fields, &problems)
    return declaration
  }

  private static func check(_ declaration: Declaration, _ fields: Fields, _ problems: inout Problems) {
    let (run, script) = (fields.entry(words.name), fields.entry(script.name))
    if run == nil, script == nil {
      problems.error(
        .missingKey, "A check needs `run` or `script`.", help: "Write `run: [program, argument]`.",
        at: fields.node.firstLineOfHeading)
    }
    if let script, let run {
      problems.error(
        .noEffect, "`run` and `script` are both there.", help: "Remove one; `script` takes `arguments`.",
        at: script.keySpan, notes: [.init(text: "the other one is here", span: run.keySpan)])
    }
    if script == nil, let given = fields.entry(arguments.name) {
      problems.error(
        .noEffect, "`arguments` are those of `script`.", help: "Write them in `run`.", at: given.keySpan)
    }
    if let place = declaration.place, declaration.account?.value == .job,
      place.value != .eachNode && place.value != .oneNode
    {
      problems.error(
        .noEffect, "A job does not run on `\(place.value.rawValue)`.",
        help: "Write `each node`, or `one node` for any that Slurm chooses.", at: place.span)
    }
    if declaration.kind == .ready { onNode(declaration, fields, &problems) }
    if let timeout = declaration.timeout, !(.seconds(1) ... .seconds(86_400)).contains(timeout.value) {
      problems.error(
        .badDuration, "`timeout` is not between 1s and 24h.", help: "Write a time such as 30s.", at: timeout.span)
    }
  }
}

extension CheckSection {
  /// The limits of a check that nodes run by themselves: nobody else is there to judge it, and all wait for its end.
  private static func onNode(_ declaration: Declaration, _ fields: Fields, _ problems: inout Problems) {
    guard let place = declaration.place, place.value != .heads, place.value != .activeHead else { return }
    let other = "or write `kind: health` or `kind: cluster`."
    func refuse(_ detail: String, _ help: String, _ span: SourceSpan) {
      problems.error(.checkReady, "Nodes run this check by themselves, \(detail)", help: "\(help), \(other)", at: span)
    }
    if place.value != .eachNode {
      refuse("so `\(place.value.rawValue)` says nothing.", "Write `on: each node`", place.span)
    }
    if let account = declaration.account, account.value != .root {
      refuse("as root.", "Leave out `as`", account.span)
    }
    let expected = declaration.expectation
    if let entry = fields.entry(expectation.name), expected.same || expected.output != nil || expected.number != nil {
      refuse(
        "and judge its status alone.", "Let a script look at the output, and end with that status", entry.value.span)
    }
    if let timeout = declaration.timeout, timeout.value > .seconds(SetCheck.longestOnNode) {
      refuse(
        "and are not ready before it ends.", "Give it at most \(SetCheck.longestOnNode)s, which is the default",
        timeout.span)
    }
  }
}

/// `expect:` of a check.
enum ExpectationSection: Section {
  static let noun = "an expectation"
  static let doc = "The result that a check has to have."

  static let status = Key("status", .integer(0...255), "The status that it ends with. Default: 0.")
  static let output = Key("output", .pattern, "A regular expression that is found in its output.")
  static let number = Key("number", RangeSection.form, "The range of the first number in its output.")
  static let same = Key("same", .flag, "The output is the same on all machines.")

  static let keys = [status.description, output.description, number.description, same.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> CheckExpectation {
    CheckExpectation(
      status: Int32(fields.read(status, &problems)?.value ?? 0), output: fields.read(output, &problems)?.value,
      number: fields.read(number, &problems)?.value, same: fields.read(same, &problems)?.value ?? false)
  }
}

/// `number:` of an expectation.
enum RangeSection: Section {
  static let noun = "a range of numbers"
  static let doc = "The range of the first number in a check's output."

  static let minimum = Key("minimum", .decimal, "The least number.")
  static let maximum = Key("maximum", .decimal, "The greatest number.")

  static let keys = [minimum.description, maximum.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> CheckExpectation.Range {
    let range = CheckExpectation.Range(
      minimum: fields.read(minimum, &problems)?.value, maximum: fields.read(maximum, &problems)?.value)
    if let low = range.minimum, let high = range.maximum, low > high, let entry = fields.entry(maximum.name) {
      problems.error(
        .badNumber, "No number is in this range.", help: "Correct `minimum` or `maximum`.", at: entry.value.span)
    }
    return range
  }
}

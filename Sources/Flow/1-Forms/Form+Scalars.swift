// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

extension Form where Value == Int {
  package static func integer(_ range: ClosedRange<Int>) -> Form {
    let noun = "a whole number from \(range.lowerBound) to \(range.upperBound)"
    let schema = SchemaValue.members([
      "type": .text("integer"), "minimum": .number(range.lowerBound), "maximum": .number(range.upperBound),
    ])
    return Form(noun: noun, schema: schema) { node, problems in
      guard let scalar = node.scalar(for: noun, &problems) else { return nil }
      let text = scalar.text
      // YAML 1.2 core without its octal and hexadecimal forms: 010 must not become 8.
      let digits = !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) }
      if scalar.plain, digits, text == "0" || !text.hasPrefix("0"), let value = Int(text), range.contains(value) {
        return value
      }
      let unquoted = !scalar.plain && Int(text).map(range.contains) == true
      problems.error(
        .badNumber, "`\(shown(text))` is not \(noun).",
        help: unquoted ? "Numbers are written without quotes." : "Write decimal digits without a leading zero.",
        at: node.span, fixIts: unquoted ? [.init(label: "remove the quotes", span: node.span, replacement: text)] : [])
      return nil
    }
  }
}

extension Form where Value == Int {
  /// One of a few numbers.
  package static func number(of choices: [Int], what: String) -> Form {
    let noun = "one of \(choices.map(String.init).joined(separator: ", "))"
    let schema = SchemaValue.members(["type": .text("integer"), "enum": .list(choices.map { .number($0) })])
    return Form(noun: noun, schema: schema) { node, problems in
      guard let scalar = node.scalar(for: noun, &problems) else { return nil }
      if scalar.plain, let value = choices.first(where: { "\($0)" == scalar.text }) { return value }
      problems.error(
        .badNumber, "`\(shown(scalar.text))` is not \(what).", help: "Write \(noun), without quotes.", at: node.span)
      return nil
    }
  }
}

extension Form where Value == Bool {
  package static var flag: Form {
    Form(noun: "true or false", schema: .members(["type": .text("boolean")])) { node, problems in
      guard let scalar = node.scalar(for: "true or false", &problems) else { return nil }
      if scalar.plain, scalar.text == "true" { return true }
      if scalar.plain, scalar.text == "false" { return false }
      let meant = ["yes": "true", "on": "true", "true": "true", "no": "false", "off": "false", "false": "false"][
        scalar.text.lowercased()]
      problems.error(
        .unknownChoice, "`\(shown(scalar.text))` is neither true nor false.",
        help: "Only `true` and `false`, without quotes, are truth values here (YAML 1.2).", at: node.span,
        fixIts: meant.map { [.init(label: "write `\($0)`", span: node.span, replacement: $0)] } ?? [])
      return nil
    }
  }
}

extension Form {
  /// One of a few words.
  ///
  /// - Parameter others: for who writes another word, what it may stand for.
  package static func choice(_ words: [(String, Value)], what: String, others: String? = nil) -> Form {
    let names = words.map(\.0)
    let noun = names.count == 1 ? names[0] : "one of \(names.joined(separator: ", "))"
    let schema = SchemaValue.members(["type": .text("string"), "enum": .list(names.map { .text($0) })])
    return Form(noun: noun, schema: schema) { node, problems in
      guard let scalar = node.scalar(for: noun, &problems) else { return nil }
      if let index = names.firstIndex(of: scalar.text) { return words[index].1 }
      let guess = closest(to: scalar.text, among: names)
      problems.error(
        .unknownChoice, "`\(shown(scalar.text))` is not \(what).",
        help: "Write \(noun).\(others.map { " \($0)" } ?? "")",
        at: node.span,
        fixIts: guess.map { [.suggestion($0, at: node.span)] } ?? [])
      return nil
    }
  }
}

extension Form where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
  package static func choice(_ what: String, others: String? = nil) -> Form {
    choice(Value.allCases.map { ($0.rawValue, $0) }, what: what, others: others)
  }
}

extension Form where Value == Duration {
  package static var duration: Form {
    text(
      "a duration", code: .badDuration, pattern: "^(0|[1-9][0-9]{0,8})(ms|s|m|h)$",
      examples: ["500ms", "3s", "2m", "1h"]
    ) { text in
      let digits = text.prefix { $0.isASCII && $0.isNumber }
      let canonical = digits == "0" || !digits.hasPrefix("0")
      if let number = Int(digits), digits.count <= 9, canonical {
        switch text.dropFirst(digits.count) {
        case "ms": return .value(.milliseconds(number))
        case "s": return .value(.seconds(number))
        case "m": return .value(.seconds(number * 60))
        case "h": return .value(.seconds(number * 3600))
        case "":
          return .wrong(
            "`\(text)` has no unit.", help: "Durations are written 500ms, 3s, 2m or 1h.", replacement: "\(text)s",
            // corosync.conf(5) has milliseconds there.
            isCertain: false)
        default: break
        }
      }
      return .wrong("`\(shown(text))` is not a duration.", help: "Durations are written 500ms, 3s, 2m or 1h.")
    }
  }
}

extension Form where Value == ArchiveDate {
  package static var date: Form {
    text(
      "a date", code: .badDate, pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", examples: ["2026-11-28"]
    ) { text in
      ArchiveDate(text).map { .value($0) }
        ?? .wrong(
          "`\(shown(text))` is not a day of the calendar.",
          help: "Dates are written YEAR-MONTH-DAY, with two digits for month and day: `2026-11-28`.")
    }
  }
}

extension Form where Value == SecretRef {
  package static var secret: Form {
    text(
      "the name of a secret", code: .literalSecret,
      pattern: "^secret:[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*$", examples: ["secret:bmc/head1"]
    ) { text in
      // The text is not repeated in the message: it may be a password.
      guard text.hasPrefix("secret:") else {
        return .wrong(
          "This is a secret in clear text.",
          help: "The file is kept in git. Put the secret into the store under a name, and write `secret:NAME` here. "
            + "If this one was ever committed, change it.",
          replacement: "secret:bmc/NAME")
      }
      let name = text.dropFirst("secret:".count)
      let parts = name.split(separator: "/", omittingEmptySubsequences: false)
      guard name.utf8.count <= 128, parts.allSatisfy({ isWord($0, first: isAlphanumeric, rest: "._-") }) else {
        return .wrong(
          "The name after `secret:` is not valid.",
          help: "Letters, digits, `.`, `_` and `-`, in parts between slashes: `secret:bmc/head1`.")
      }
      return .value(SecretRef(String(name)))
    }
  }
}

package func isAlphanumeric(_ byte: UInt8) -> Bool {
  switch byte {
  case 48...57, 65...90, 97...122: true
  default: false
  }
}

package func isLowerAlphanumeric(_ byte: UInt8) -> Bool { isAlphanumeric(byte) && !(65...90).contains(byte) }

/// A small letter, a digit or an underscore.
package func isSnakeCase(_ byte: UInt8) -> Bool { isLowerAlphanumeric(byte) || byte == 95 }

/// ASCII text that begins with one sort of character and goes on with letters, digits and some more.
package func isWord(_ text: some StringProtocol, first: (UInt8) -> Bool, rest: String) -> Bool {
  guard let head = text.utf8.first, first(head) else { return false }
  return text.utf8.dropFirst().allSatisfy { isAlphanumeric($0) || rest.utf8.contains($0) }
}

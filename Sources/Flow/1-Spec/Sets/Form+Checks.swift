// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import SpecForms

extension Form where Value == String {
  /// A word of a program's arguments; `''` is one too.
  static var argument: Form {
    text("a word", code: .wrongType) { text in
      guard !text.unicodeScalars.contains("\0") else {
        return .wrong("A word of a program cannot hold a NUL.", help: "Leave it out.")
      }
      return .value(text)
    }
  }

  /// The name of a check, perhaps of another set.
  static var checkName: Form {
    text(
      "the name of a check", code: .badName,
      pattern: "^([a-z0-9]([a-z0-9-]*[a-z0-9])?/)?[a-z0-9]([a-z0-9-]*[a-z0-9])?$", examples: ["munge/local"]
    ) { text in
      let parts = text.split(separator: "/", omittingEmptySubsequences: false)
      guard (1...2).contains(parts.count), parts.allSatisfy({ isCheckName(String($0)) }) else {
        return .wrong(
          "`\(shown(text))` is not the name of a check.", help: "Write its name, or SET/CHECK: `munge/local`.")
      }
      return .value(text)
    }
  }

  /// A setting, perhaps of another set.
  static var settingName: Form {
    text(
      "the name of a setting", code: .badName, pattern: "^([a-z0-9]([a-z0-9-]*[a-z0-9])?/)?[a-z][a-z0-9_]*$",
      examples: ["slurm/jobs"]
    ) { text in
      let parts = text.split(separator: "/", omittingEmptySubsequences: false)
      guard (1...2).contains(parts.count), isWord(parts[parts.count - 1], first: isLowerAlphanumeric, rest: "_"),
        parts.count == 1 || isCheckName(String(parts[0]))
      else {
        return .wrong(
          "`\(shown(text))` is not the name of a setting.", help: "Write its name, or SET/SETTING: `slurm/jobs`.")
      }
      return .value(text)
    }
  }

  /// A regular expression that cannot hang.
  static var pattern: Form {
    text("a regular expression", code: .badPattern) { text in
      do throws(TextPattern.Problem) {
        _ = try TextPattern(text)
        return .value(text)
      } catch {
        return .wrong(
          "`\(shown(text))` cannot be read, character \(error.offset + 1): \(error.detail)",
          help: "Classes, groups, `|`, `* + ? {2,3}`, `\\d \\w \\s`, `^` and `$` for the ends of a line.")
      }
    }
  }
}

extension Form where Value == Double {
  /// A number, perhaps with a fraction.
  static var decimal: Form {
    Form(noun: "a number", schema: .members(["type": .text("number")])) { node, problems in
      guard let scalar = node.scalar(for: "a number", &problems) else { return nil }
      let digits = scalar.text.hasPrefix("-") ? scalar.text.dropFirst() : scalar.text[...]
      let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
      let isNumber =
        parts.count <= 2 && parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } }
      if scalar.plain, isNumber, digits.count <= 15, let number = Double(scalar.text) { return number }
      problems.error(
        .badNumber, "`\(shown(scalar.text))` is not a number.", help: "Write digits, perhaps with a point: `9.4`.",
        at: node.span)
      return nil
    }
  }
}

/// Lower-case letters, digits and inner hyphens: as files of checks are named, and sets.
func isCheckName(_ text: String) -> Bool {
  guard (1...40).contains(text.utf8.count), !text.hasPrefix("-"), !text.hasSuffix("-") else { return false }
  return text.utf8.allSatisfy { isLowerAlphanumeric($0) || $0 == 45 }
}

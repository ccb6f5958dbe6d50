// SPDX-License-Identifier: Apache-2.0

package struct NameProblem {
  package let detail: String
  package let help: String
  package let replacement: String?
}

/// Why `text` is not a lower-case host name label, or nil when it is one.
package func labelProblem(_ text: String, longest: Int) -> NameProblem? {
  let rule = "Lower-case letters, digits and inner hyphens, at most \(longest) in all."
  if text.isEmpty { return NameProblem(detail: "The name is empty.", help: rule, replacement: nil) }
  let length = text.utf8.count
  if length <= longest, text.utf8.allSatisfy({ isLowerAlphanumeric($0) || $0 == 45 }), !text.hasPrefix("-"),
    !text.hasSuffix("-")
  {
    return nil
  }
  let lower = String(text.lowercased().map { $0 == "_" ? "-" : $0 })
  let mended = lower != text && labelProblem(lower, longest: longest) == nil ? lower : nil
  let detail =
    length > longest ? "`\(shown(text))` is \(length) characters long." : "`\(shown(text))` is not a valid name."
  return NameProblem(detail: detail, help: rule, replacement: mended)
}

/// Why `text` cannot be the name of a machine, or nil when it can: a host name label that stands for nothing else.
package func machineNameProblem(_ text: String) -> NameProblem? {
  if let problem = labelProblem(text, longest: 63) { return problem }
  if text == "localhost" {
    return NameProblem(
      detail: "`localhost` is every machine's name for itself.", help: "Write a name that only one machine has.",
      replacement: nil)
  }
  // inet_aton(3): 101 is 0.0.0.101, and 0x65 too.
  let digits = text.hasPrefix("0x") ? text.dropFirst(2) : text[...]
  guard !digits.isEmpty, digits.allSatisfy({ text.hasPrefix("0x") ? $0.isHexDigit : $0.isNumber }) else { return nil }
  return NameProblem(
    detail: "`\(shown(text))` is a number, and programs take it for an address.",
    help: "`ping 101` asks 0.0.0.101. Begin the name with a letter: `n\(shown(text))`.", replacement: nil)
}

/// Whether a text is a path from `/` on, without parts that lead elsewhere, and without control characters.
package func isWholePath(_ text: String) -> Bool {
  let parts = text.split(separator: "/", omittingEmptySubsequences: false)
  return parts.count >= 2 && parts[0].isEmpty
    && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
    && parts.dropFirst().allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
}

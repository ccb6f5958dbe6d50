// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// Text that YAML takes apart at its commas: between brackets and braces a comma ends a value, also where no space
/// follows. `[console=ttyS1,115200]` is two arguments of the kernel, and the second one is not what anybody means.
enum SplitText {
  /// Reports items that look like the rest of the one before: no space is between them, that one gives a value to a
  /// name, and they give none. Each value is reported once.
  static func check(_ nodes: [SpecNode], _ problems: inout Problems) {
    var rest = nodes[...]
    while let first = rest.popFirst() {
      guard let text = plain(first), text.contains("=") else { continue }
      var parts = [text]
      var last = first
      while let next = rest.first, let part = plain(next), !firstWord(part).contains("="), next.span.follows(last.span)
      {
        parts.append(part)
        last = next
        rest.removeFirst()
      }
      if parts.count > 1 { tell(parts, at: first.span.through(last.span), &problems) }
    }
  }

  /// Reports a key without a value that looks like the rest of the value before it. False: it does not.
  static func check(_ entry: SpecNode.Entry, in entries: [SpecNode.Entry], _ problems: inout Problems) -> Bool {
    guard entry.value.isEmpty, let index = entries.firstIndex(where: { $0.keySpan == entry.keySpan }), index > 0
    else { return false }
    var first = index
    while first > 0, entries[first].value.isEmpty { first -= 1 }
    guard let start = plain(entries[first].value),
      zip(entries[first...], entries[(first + 1)...index]).allSatisfy({
        $1.keySpan.follows($0.value.isEmpty ? $0.keySpan : $0.value.span)
      })
    else { return false }
    // Told at the last one, with all of them.
    let end = entries[(index + 1)...].first
    if let end, end.value.isEmpty, end.keySpan.follows(entry.keySpan) { return true }
    tell(
      [start] + entries[(first + 1)...index].map(\.key), at: entries[first].value.span.through(entry.keySpan),
      &problems)
    return true
  }

  private static func tell(_ parts: [String], at span: SourceSpan, _ problems: inout Problems) {
    let whole = parts.joined(separator: ",")
    // `115200` is nothing by itself.
    let isCertain = parts[0].contains("=") && parts.dropFirst().allSatisfy { $0.first?.isNumber == true }
    problems.error(
      .wrongType,
      "Between brackets and braces a comma ends a value: `\(shown(parts[0]))` is one, and the rest another.",
      help:
        "Put quotes around it where it is one value: \"\(shown(whole))\". Where they are several, put a space after "
        + "each comma.", at: span,
      fixIts: whole.contains("\"") || whole.contains("\\")
        ? []
        : [.init(label: "write \"\(shown(whole))\"", span: span, replacement: "\"\(whole)\"", isCertain: isCertain)])
  }

  private static func plain(_ node: SpecNode) -> String? {
    guard case .scalar(let scalar) = node.content, scalar.plain, !scalar.text.isEmpty else { return nil }
    return scalar.text
  }

  private static func firstWord(_ text: String) -> Substring { text.prefix { $0 != " " } }
}

extension SourceSpan {
  /// Only one character is between the two.
  fileprivate func follows(_ other: SourceSpan) -> Bool {
    line == other.endLine && column == other.endColumn + 1
  }
}

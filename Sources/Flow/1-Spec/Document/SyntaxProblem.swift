// SPDX-License-Identifier: Apache-2.0
import SpecForms
import Diagnostics

/// libyaml's complaint in the words of somebody who writes a spec.
enum SyntaxProblem {
  static func report(_ failure: YAMLEvents.Failure, _ source: SourceText, _ problems: inout Problems) {
    let line = failure.position.line
    if hasTabIndent(source.line(line)) || failure.problem.contains("tab character") {
      reportTabs(from: line, source, &problems)
      return
    }
    let (detail, help) = surplus(failure, source) ?? explain(failure)
    let start = SourceSpan.point(source.file, failure.contextPosition.line, failure.contextPosition.column)
    if failure.problem == "found unexpected end of stream" {
      problems.error(.syntax, detail, help: help, at: start)
      return
    }
    let notes = beginning(failure.context).map { [Diagnostic.Note(text: "\($0) begins here", span: start)] } ?? []
    // libyaml points past the end of the text when something is never closed.
    let column = min(failure.position.column, (source.line(line)?.unicodeScalars.count ?? 0) + 1)
    problems.error(.syntax, detail, help: help, at: .point(source.file, line, column), notes: notes)
  }

  /// A bracket or a brace that closes nothing, which libyaml takes for the beginning of a key.
  private static func surplus(_ failure: YAMLEvents.Failure, _ source: SourceText) -> (String, String)? {
    let scalars = Array((source.line(failure.position.line) ?? "").unicodeScalars)
    guard failure.context?.contains("block") == true, scalars.indices.contains(failure.position.column - 1),
      ["]", "}"].contains(scalars[failure.position.column - 1])
    else { return nil }
    let bracket = scalars[failure.position.column - 1]
    return ("This `\(bracket)` closes nothing.", "Remove it, or open a `\(bracket == "]" ? "[" : "{")` before it.")
  }

  /// The construct that libyaml was reading, by its words.
  private static func beginning(_ context: String?) -> String? {
    switch context {
    case "while parsing a block mapping", "while parsing a flow mapping": "the mapping"
    case "while parsing a block collection", "while parsing a flow sequence": "the list"
    case "while scanning a simple key": "the key"
    case "while scanning a quoted scalar": "the quoted text"
    default: nil
    }
  }

  private static func hasTabIndent(_ line: String?) -> Bool {
    line?.unicodeScalars.prefix { $0 == " " || $0 == "\t" }.contains("\t") ?? false
  }

  /// Every line from the first bad one on, since they all have to be mended.
  private static func reportTabs(from first: Int, _ source: SourceText, _ problems: inout Problems) {
    var reported = 0
    for number in first...source.lineCount where reported < SpecLimits.badCharacters {
      guard let line = source.line(number), number == first || hasTabIndent(line),
        let tab = line.unicodeScalars.firstIndex(of: "\t")
      else { continue }
      let before = line.unicodeScalars[..<tab].count
      let tabs = line.unicodeScalars[tab...].prefix { $0 == "\t" }.count
      let span = SourceSpan.point(source.file, number, before + 1, width: tabs)
      problems.error(
        .tab, "A tab is used for indentation.", help: "YAML is indented with spaces, because tabs have no fixed width.",
        at: span,
        fixIts: [
          .init(label: "use two spaces", span: span, replacement: String(repeating: "  ", count: tabs))
        ])
      reported += 1
    }
  }

  private static func explain(_ failure: YAMLEvents.Failure) -> (String, String) {
    let quote = "Quote text that holds any of [ ] { } , # or a colon and a space: \"like this\"."
    switch failure.problem {
    case "mapping values are not allowed in this context":
      return (
        "A second `key: value` begins on the same line.",
        "Put it on its own line, indented like its neighbours. \(quote)"
      )
    case "could not find expected ':'":
      return ("The colon after this key is missing.", "Write `key: value`, with a space after the colon.")
    case "did not find expected key":
      return ("This line is not indented like its neighbours.", "Keys of one mapping begin in the same column.")
    case "did not find expected '-' indicator":
      return ("This line does not belong to the list above.", "Items of one list begin with `- ` in the same column.")
    case "did not find expected ',' or ']'":
      return ("This list is not closed, or a comma is missing.", "Write [first, second]. \(quote)")
    case "did not find expected ',' or '}'":
      return ("This mapping is not closed, or a comma is missing.", "Write { key: value, key: value }. \(quote)")
    case "found unexpected end of stream":
      return ("The quoted text is never closed.", "Close it with the quotation mark that it began with.")
    case "found character that cannot start any token":
      return ("A value cannot begin with this character.", "Quote the value.")
    case "found unknown escape character":
      return (
        "This is not an escape sequence of YAML.", "In double quotes write \\\\ for a backslash, or use single quotes."
      )
    case "did not find expected <document start>":
      return ("Nothing can follow here.", "A file holds one mapping: `version: 1`, `cluster: NAME`, …")
    default:
      return ("This is not YAML: \(failure.problem).", quote)
    }
  }
}

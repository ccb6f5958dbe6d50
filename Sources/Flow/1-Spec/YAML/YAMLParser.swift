// SPDX-License-Identifier: Apache-2.0
import CYAML
import Diagnostics

/// Text → one tree with spans, over the system's libyaml. Bounded in depth, number of values and alias expansion.
struct YAMLParser {
  static let depthLimit = 64
  static let valueLimit = 1_000_000
  /// Values that aliases may add. A "billion laughs" file needs 10⁹.
  static let aliasLimit = 100_000

  private struct Failure: Error { let diagnostic: Diagnostic }

  private let file: String
  private var parser = yaml_parser_t()
  private var anchors: [String: YAMLNode] = [:]
  private var values = 0
  private var expanded = 0
  private var duplicates: [Diagnostic] = []

  private init(file: String) { self.file = file }

  /// The tree, and problems that do not hinder reading on. Nil when there is nothing that could be read.
  static func parse(_ bytes: [UInt8], file: String) -> (node: YAMLNode?, problems: [Diagnostic]) {
    var reader = YAMLParser(file: file)
    guard yaml_parser_initialize(&reader.parser) == 1 else { preconditionFailure("libyaml has no memory") }
    defer { yaml_parser_delete(&reader.parser) }
    return bytes.withUnsafeBufferPointer { buffer in
      yaml_parser_set_input_string(&reader.parser, buffer.baseAddress, buffer.count)
      do throws(Failure) {
        let node = try reader.document()
        return (node, reader.duplicates)
      } catch {
        return (nil, reader.duplicates + [error.diagnostic])
      }
    }
  }

  private mutating func document() throws(Failure) -> YAMLNode {
    _ = try next { _ throws(Failure) in }
    let isEmpty = try next { (event) throws(Failure) in event.type == YAML_STREAM_END_EVENT }
    if isEmpty {
      throw problem(.empty, "There is nothing in the file.", "Start from an example: examples/ has some.", span(1, 1, 1, 1))
    }
    let root = try node(depth: 0)
    _ = try next { _ throws(Failure) in }
    let (last, place) = try next { [file] (event) throws(Failure) in
      (event.type == YAML_STREAM_END_EVENT, Self.span(event, file))
    }
    guard last else {
      throw problem(
        .severalDocuments, "A second document begins here.", "One file describes one cluster: take the --- line out.", place)
    }
    return root
  }

  /// Reads one event, hands it over, and frees it.
  private mutating func next<Value>(_ body: (yaml_event_t) throws(Failure) -> Value) throws(Failure) -> Value {
    var event = yaml_event_t()
    guard yaml_parser_parse(&parser, &event) == 1 else { throw syntaxError() }
    defer { yaml_event_delete(&event) }
    return try body(event)
  }

  /// An event without its C memory.
  private enum Event {
    case alias(String)
    case scalar(String, isPlain: Bool, anchor: String?, tag: String?)
    case sequence(anchor: String?, tag: String?)
    case mapping(anchor: String?, tag: String?)
    case end
  }

  private mutating func event() throws(Failure) -> (Event, SourceSpan) {
    try next { [file] (event) throws(Failure) in (Self.event(event), Self.span(event, file)) }
  }

  private mutating func node(depth: Int) throws(Failure) -> YAMLNode {
    let (event, span) = try event()
    return try node(event, span, depth: depth)
  }

  private mutating func node(_ event: Event, _ span: SourceSpan, depth: Int) throws(Failure) -> YAMLNode {
    values += 1
    guard values <= Self.valueLimit else {
      throw problem(
        .tooManyValues, "There are more than \(Self.valueLimit) values.", "Name machines as hostlists: node[001-512].", span)
    }
    guard depth <= Self.depthLimit else {
      throw problem(
        .tooDeep, "This is nested more than \(Self.depthLimit) levels deep.", "No part of a description is: look for a stray bracket.",
        span)
    }
    switch event {
    case .alias(let name): return try expand(name, span)
    case .scalar(let text, let isPlain, let anchor, let tag):
      return try named(YAMLNode(kind: .scalar(text, isPlain: isPlain), span: span, count: 1), anchor, tag)
    case .sequence(let anchor, let tag): return try named(try sequence(span, depth), anchor, tag)
    case .mapping(let anchor, let tag): return try named(try mapping(span, depth), anchor, tag)
    case .end: throw problem(.syntax, "A value is missing here.", "Give one, or take the key out.", span)
    }
  }

  private mutating func sequence(_ start: SourceSpan, _ depth: Int) throws(Failure) -> YAMLNode {
    var items: [YAMLNode] = []
    while true {
      let (event, span) = try event()
      if case .end = event {
        let count = items.reduce(1) { $0 + $1.count }
        return YAMLNode(kind: .sequence(items), span: enclosing(start, items.last?.span, span), count: count)
      }
      items.append(try node(event, span, depth: depth + 1))
    }
  }

  private mutating func mapping(_ start: SourceSpan, _ depth: Int) throws(Failure) -> YAMLNode {
    var pairs: [YAMLNode.Pair] = []
    var seen: [String: SourceSpan] = [:]
    while true {
      let (event, span) = try event()
      if case .end = event {
        let count = pairs.reduce(1) { $0 + $1.key.count + $1.value.count }
        return YAMLNode(kind: .mapping(pairs), span: enclosing(start, pairs.last?.value.span, span), count: count)
      }
      let key = try node(event, span, depth: depth + 1)
      guard let name = key.text else {
        throw problem(.keyNotText, "A key has to be text, and this is \(key.noun).", "Put the key in quotes if it is meant so.", key.span)
      }
      let value = try node(depth: depth + 1)
      if let first = seen.updateValue(key.span, forKey: name) {
        duplicates.append(
          Diagnostic(
            .duplicateKey, "The key `\(name)` is given twice.", help: "Keep one of them: the other would be ignored silently.",
            at: key.span, notes: [.init(text: "it is first given here", span: first)]))
      } else {
        pairs.append(.init(key: key, value: value))
      }
    }
  }

  private mutating func named(_ node: YAMLNode, _ anchor: String?, _ tag: String?) throws(Failure) -> YAMLNode {
    if let tag {
      throw problem(.tag, "The tag `\(tag)` is not understood here.", "Take it out: the type of each value is known.", node.span)
    }
    if let anchor { anchors[anchor] = node }
    return node
  }

  private mutating func expand(_ name: String, _ span: SourceSpan) throws(Failure) -> YAMLNode {
    guard var node = anchors[name] else {
      throw problem(.unknownAlias, "`*\(name)` refers to no anchor above it.", "Write &\(name) before the value it is to repeat.", span)
    }
    expanded += node.count
    guard expanded <= Self.aliasLimit else {
      throw problem(
        .aliasExpansion, "Aliases make more than \(Self.aliasLimit) values of this file.",
        "Write what is meant without aliases to aliases.", span)
    }
    node.span = span
    return node
  }

  // MARK: Places

  /// libyaml's end of a block collection is the start of the next token, so the last child's end is taken there.
  private func enclosing(_ start: SourceSpan, _ last: SourceSpan?, _ end: SourceSpan) -> SourceSpan {
    let isFlow = end.line != end.endLine || end.column != end.endColumn
    let end =
      isFlow
      ? (end.endLine, end.endColumn) : last.map { ($0.endLine, $0.endColumn) } ?? (start.endLine, start.endColumn)
    return SourceSpan(file: file, line: start.line, column: start.column, endLine: end.0, endColumn: end.1)
  }

  private func span(_ line: Int, _ column: Int, _ endLine: Int, _ endColumn: Int) -> SourceSpan {
    SourceSpan(file: file, line: line, column: column, endLine: endLine, endColumn: endColumn)
  }

  private static func span(_ event: yaml_event_t, _ file: String) -> SourceSpan {
    SourceSpan(
      file: file, line: Int(event.start_mark.line) + 1, column: Int(event.start_mark.column) + 1,
      endLine: Int(event.end_mark.line) + 1, endColumn: Int(event.end_mark.column) + 1)
  }

  // MARK: C

  private static func event(_ event: yaml_event_t) -> Event {
    switch event.type {
    case YAML_ALIAS_EVENT: return .alias(text(event.data.alias.anchor) ?? "")
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      let value = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
      return .scalar(
        value, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE, anchor: text(scalar.anchor), tag: text(scalar.tag))
    case YAML_SEQUENCE_START_EVENT:
      return .sequence(anchor: text(event.data.sequence_start.anchor), tag: text(event.data.sequence_start.tag))
    case YAML_MAPPING_START_EVENT:
      return .mapping(anchor: text(event.data.mapping_start.anchor), tag: text(event.data.mapping_start.tag))
    default: return .end
    }
  }

  private static func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    pointer.map { String(cString: $0) }
  }

  private func syntaxError() -> Failure {
    let mark = parser.problem_mark
    let (line, column) = (Int(mark.line) + 1, Int(mark.column) + 1)
    let said = parser.problem.map { String(cString: $0) } ?? "the text cannot be understood"
    let context = parser.context.map { " (\(String(cString: $0)))" } ?? ""
    return problem(
      .syntax, "This is not YAML: \(said)\(context).",
      "Look at the indentation, at brackets and quotes on this line and the one before.",
      span(line, column, line, column + 1))
  }

  private func problem(
    _ code: Diagnostic.Code, _ detail: String, _ help: String, _ span: SourceSpan
  ) -> Failure {
    Failure(diagnostic: Diagnostic(code, detail, help: help, at: span))
  }
}

// SPDX-License-Identifier: Apache-2.0
import SpecForms
import CYAML
import Diagnostics

/// Builds the tree of values from libyaml's events, within the limits.
struct TreeBuilder {
  /// The rest of the text cannot be read; why has been reported.
  struct Stop: Error {}

  private let source: SourceText
  private var problems: Problems
  /// Anchored values. Nil while the value is still open: an alias to it would hold itself.
  private var anchors: [String: SpecNode?] = [:]
  private var values = 0
  private var aliasValues = 0

  /// The values of a file that is no larger than a file may be. Nil: there are none that can be read.
  static func values(in bytes: [UInt8], of file: String, _ problems: inout Problems) -> SpecNode? {
    guard bytes.count <= SpecReader.byteLimit, CharacterScan.check(bytes, &problems) else { return nil }
    return build(bytes, SourceText(file: file, bytes: bytes), &problems)
  }

  /// The first document, or nil when there is none that can be read.
  static func build(_ bytes: [UInt8], _ source: SourceText, _ problems: inout Problems) -> SpecNode? {
    var builder = TreeBuilder(source: source, problems: problems)
    let root = bytes.withUnsafeBufferPointer { buffer -> SpecNode? in
      guard var events = YAMLEvents(buffer) else { return nil }
      return try? builder.document(&events)
    }
    problems = builder.problems
    return root
  }

  private init(source: SourceText, problems: Problems) {
    self.source = source
    self.problems = problems
  }

  private mutating func document(_ events: inout YAMLEvents) throws(Stop) -> SpecNode? {
    guard case .documentStart = try next(&events).kind else {
      problems.error(
        .empty, "The file holds no values.", help: "Describe the cluster: `version: 1`, `cluster: NAME`, …",
        at: .point(source.file, 1, 1))
      return nil
    }
    let root = try node(try next(&events), &events, depth: 1)
    _ = try next(&events)
    let after = try next(&events)
    if case .documentStart = after.kind {
      problems.error(
        .severalDocuments, "A second document begins here.",
        help: "One file describes one cluster. Remove the `---` and what follows it.",
        at: .point(source.file, after.start.line, after.start.column, width: 3))
    }
    return root
  }

  private mutating func next(_ events: inout YAMLEvents) throws(Stop) -> YAMLEvents.Event {
    do { return try events.next() } catch {
      SyntaxProblem.report(error, source, &problems)
      throw Stop()
    }
  }

  private mutating func node(
    _ event: YAMLEvents.Event, _ events: inout YAMLEvents, depth: Int
  ) throws(Stop) -> SpecNode {
    try count(event, depth: depth)
    if event.tag != nil { refuseTag(event) }
    if let anchor = event.anchor { anchors[anchor] = .some(nil) }
    let result: SpecNode
    switch event.kind {
    case .alias(let name): return try alias(name, span(event))
    case .scalar(let text, let style): result = scalar(text, style, event)
    case .sequenceStart: result = try sequence(event, &events, depth: depth)
    case .mappingStart: result = try mapping(event, &events, depth: depth)
    default: result = SpecNode(.unreadable, span(event), weight: 1)
    }
    if let anchor = event.anchor { anchors[anchor] = result }
    return result
  }

  private mutating func count(_ event: YAMLEvents.Event, depth: Int) throws(Stop) {
    values += 1
    if depth > SpecLimits.depth {
      problems.error(
        .tooDeep, "Values are nested more than \(SpecLimits.depth) levels deep here.",
        help: "No key of cluster.yaml needs that. Look for brackets that are never closed.",
        at: .point(source.file, event.start.line, event.start.column))
      throw Stop()
    }
    if values > SpecLimits.values {
      problems.error(
        .tooManyValues, "The file holds more than \(SpecLimits.values) values.",
        help: "Name machines in groups: `names: node[001-512]` with addresses that count up (`10.1.1.1+`).",
        at: .point(source.file, event.start.line, event.start.column))
      throw Stop()
    }
  }

  private mutating func refuseTag(_ event: YAMLEvents.Event) {
    problems.error(
      .tag, "YAML tags are not used here.",
      help: "Remove the word that begins with `!`. The type of a value follows from its key.",
      at: .point(source.file, event.start.line, event.start.column))
  }

  private mutating func alias(_ name: String, _ span: SourceSpan) throws(Stop) -> SpecNode {
    guard let anchored = anchors[name], let target = anchored else {
      let inside = anchors[name] != nil
      problems.error(
        .unknownAlias,
        inside ? "`*\(name)` is inside the value that it refers to." : "There is no anchor `&\(name)` above.",
        help: "An alias repeats a value that was marked earlier in the file with `&\(name)`.", at: span)
      return SpecNode(.unreadable, span, weight: 1)
    }
    aliasValues += target.weight
    guard aliasValues <= SpecLimits.aliasValues else {
      problems.error(
        .aliasExpansion, "The aliases of this file stand for more than \(SpecLimits.aliasValues) values.",
        help: "Aliases of aliases multiply. Write the values out, or use hostlists.", at: span)
      throw Stop()
    }
    return target
  }

  private func scalar(_ text: String, _ style: yaml_scalar_style_t, _ event: YAMLEvents.Event) -> SpecNode {
    var span = span(event)
    let plain = style == YAML_PLAIN_SCALAR_STYLE
    if style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE {
      // The end mark is the first column of the line after the text.
      var line = max(span.line, event.end.line - 1)
      while line > span.line, source.line(line)?.allSatisfy(\.isWhitespace) ?? true { line -= 1 }
      span.endLine = line
      span.endColumn = (source.line(line)?.unicodeScalars.count ?? 0) + 1
    } else if plain, event.anchor != nil || event.tag != nil, span.line == span.endLine {
      // The start mark is that of the anchor.
      span.column = span.endColumn - text.unicodeScalars.count
    }
    return SpecNode(.scalar(.init(text: text, plain: plain && span.line == span.endLine)), span, weight: 1)
  }

  private mutating func sequence(
    _ start: YAMLEvents.Event, _ events: inout YAMLEvents, depth: Int
  ) throws(Stop) -> SpecNode {
    var items: [SpecNode] = []
    var span = span(start)
    var weight = 1
    while true {
      let event = try next(&events)
      if case .sequenceEnd = event.kind {
        if start.flow { (span.endLine, span.endColumn) = (event.end.line, event.end.column) }
        return SpecNode(.sequence(items), span, weight: weight)
      }
      let item = try node(event, &events, depth: depth + 1)
      weight += item.weight
      if case .alias = event.kind { span = span.through(self.span(event)) } else { span = span.through(item.span) }
      items.append(item)
    }
  }

  private mutating func mapping(
    _ start: YAMLEvents.Event, _ events: inout YAMLEvents, depth: Int
  ) throws(Stop) -> SpecNode {
    var entries: [SpecNode.Entry] = []
    var seen: [String: SourceSpan] = [:]
    var span = span(start)
    var weight = 1
    while true {
      let event = try next(&events)
      if case .mappingEnd = event.kind {
        if start.flow { (span.endLine, span.endColumn) = (event.end.line, event.end.column) }
        return SpecNode(.mapping(entries), span, weight: weight)
      }
      let key = try node(event, &events, depth: depth + 1)
      let valueEvent = try next(&events)
      var value = try node(valueEvent, &events, depth: depth + 1)
      weight += key.weight + value.weight
      let end = if case .alias = valueEvent.kind { self.span(valueEvent) } else { value.span }
      span = span.through(end)
      guard let name = readKey(key, &seen) else { continue }
      value.heading = key.span
      entries.append(.init(key: name, keySpan: key.span, value: value, span: key.span.through(end)))
    }
  }

  private mutating func readKey(_ key: SpecNode, _ seen: inout [String: SourceSpan]) -> String? {
    guard case .scalar(let scalar) = key.content, !scalar.text.isEmpty else {
      if case .unreadable = key.content { return nil }
      problems.error(
        .keyNotText, isScalar(key) ? "This key is empty." : "A key must be text, but this is \(key.kind).",
        help: "Write `name: value`.", at: key.span)
      return nil
    }
    if let first = seen[scalar.text] {
      problems.error(
        .duplicateKey, "`\(scalar.text)` is given twice.",
        help: "Only one of them can be meant. Merge the two or remove one.", at: key.span,
        notes: [.init(text: "it was given first here", span: first)])
      return nil
    }
    seen[scalar.text] = key.span
    return scalar.text
  }

  private func isScalar(_ node: SpecNode) -> Bool {
    if case .scalar = node.content { true } else { false }
  }

  private func span(_ event: YAMLEvents.Event) -> SourceSpan {
    let isBlock: Bool
    switch event.kind {
    case .sequenceStart, .mappingStart: isBlock = true
    default: isBlock = false
    }
    // The end of a collection is set when its last value is known.
    let end = isBlock ? event.start : event.end
    return SourceSpan(
      file: source.file, line: event.start.line, column: event.start.column, endLine: end.line, endColumn: end.column)
  }
}

// SPDX-License-Identifier: Apache-2.0
import SpecForms
import CYAML

/// libyaml's parser, an event at a time.
///
/// Marks count lines and columns from 0 in code points. The end mark of a block collection is the start of the next
/// token; of scalars and flow collections it is exact.
struct YAMLEvents: ~Copyable {
  struct Position {
    var line: Int
    var column: Int

    init(_ mark: yaml_mark_t) {
      line = Int(mark.line) + 1
      column = Int(mark.column) + 1
    }
  }

  enum Kind {
    case streamEnd
    case documentStart
    case documentEnd
    case scalar(String, style: yaml_scalar_style_t)
    case alias(String)
    case sequenceStart
    case sequenceEnd
    case mappingStart
    case mappingEnd
  }

  struct Event {
    var kind: Kind
    var start: Position
    var end: Position
    var anchor: String?
    var tag: String?
    var flow = false
  }

  struct Failure: Error {
    var problem: String
    var position: Position
    var context: String?
    var contextPosition: Position
  }

  private let parser: UnsafeMutablePointer<yaml_parser_t>

  /// Starts a parser, or fails when there is no memory for it. `bytes` must outlive the parser.
  init?(_ bytes: UnsafeBufferPointer<UInt8>) {
    parser = .allocate(capacity: 1)
    guard yaml_parser_initialize(parser) == 1 else {
      parser.deallocate()
      return nil
    }
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
  }

  mutating func next() throws(Failure) -> Event {
    while true {
      var raw = yaml_event_t()
      guard yaml_parser_parse(parser, &raw) == 1 else { throw failure() }
      defer { yaml_event_delete(&raw) }
      if raw.type != YAML_STREAM_START_EVENT { return Self.event(raw) }
    }
  }

  private static func event(_ raw: yaml_event_t) -> Event {
    var event = Event(kind: .streamEnd, start: Position(raw.start_mark), end: Position(raw.end_mark))
    switch raw.type {
    case YAML_DOCUMENT_START_EVENT: event.kind = .documentStart
    case YAML_DOCUMENT_END_EVENT: event.kind = .documentEnd
    case YAML_ALIAS_EVENT: event.kind = .alias(text(raw.data.alias.anchor) ?? "")
    case YAML_SCALAR_EVENT:
      let scalar = raw.data.scalar
      let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
      event.kind = .scalar(String(decoding: bytes, as: UTF8.self), style: scalar.style)
      (event.anchor, event.tag) = (text(scalar.anchor), text(scalar.tag))
    case YAML_SEQUENCE_START_EVENT:
      let start = raw.data.sequence_start
      event.kind = .sequenceStart
      event.flow = start.style == YAML_FLOW_SEQUENCE_STYLE
      (event.anchor, event.tag) = (text(start.anchor), text(start.tag))
    case YAML_MAPPING_START_EVENT:
      let start = raw.data.mapping_start
      event.kind = .mappingStart
      event.flow = start.style == YAML_FLOW_MAPPING_STYLE
      (event.anchor, event.tag) = (text(start.anchor), text(start.tag))
    case YAML_SEQUENCE_END_EVENT: event.kind = .sequenceEnd
    case YAML_MAPPING_END_EVENT: event.kind = .mappingEnd
    default: event.kind = .streamEnd
    }
    return event
  }

  private static func text(_ pointer: UnsafeMutablePointer<UInt8>?) -> String? {
    pointer.map { String(cString: $0) }
  }

  private func failure() -> Failure {
    let state = parser.pointee
    return Failure(
      problem: state.problem.map { String(cString: $0) } ?? "out of memory", position: Position(state.problem_mark),
      context: state.context.map { String(cString: $0) }, contextPosition: Position(state.context_mark))
  }
}

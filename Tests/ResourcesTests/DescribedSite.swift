// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A description as a tree that a test can change in one place: a key or a value, at a path.
indirect enum Described: Sendable {
  case scalar(String)
  case list([Described])
  case table([(key: String, value: Described)])

  /// A step down: into a table by key, or into a list by number.
  enum Part: Hashable, Sendable {
    case key(String)
    case item(Int)
  }

  /// Reads the flow style that YAML and JSON share, with plain scalars: `{ a: b, c: [d, e] }`.
  init(_ text: String) {
    var rest = Substring(text.split(separator: "\n").map { $0.prefix { $0 != "#" } }.joined(separator: " "))
    self = Self.read(&rest)
  }

  private static func read(_ rest: inout Substring) -> Described {
    skip(&rest)
    switch rest.first {
    case "{":
      var entries: [(key: String, value: Described)] = []
      items(&rest, until: "}") { rest in
        let key = rest.prefix { $0 != ":" }
        rest = rest[key.endIndex...].dropFirst()
        entries.append((String(key), read(&rest)))
      }
      return .table(entries)
    case "[":
      var list: [Described] = []
      items(&rest, until: "]") { list.append(read(&$0)) }
      return .list(list)
    case "\"":
      rest.removeFirst()
      let text = rest.prefix { $0 != "\"" }
      rest = rest[text.endIndex...].dropFirst()
      return .scalar(String(text))
    default:
      let text = rest.prefix { !",]}".contains($0) }
      rest = rest[text.endIndex...]
      return .scalar(text.trimmingCharacters(in: .whitespaces))
    }
  }

  private static func items(_ rest: inout Substring, until end: Character, _ item: (inout Substring) -> Void) {
    rest.removeFirst()
    skip(&rest)
    while let next = rest.first, next != end {
      item(&rest)
      skip(&rest)
      if rest.first == "," { rest.removeFirst() }
      skip(&rest)
    }
    rest = rest.dropFirst()
  }

  private static func skip(_ rest: inout Substring) { rest = rest.drop(while: \.isWhitespace) }

  /// The tree with another value at a path. A key that is not there is added to its table.
  func with(_ value: Described?, at path: ArraySlice<Part>) -> Described? {
    guard let first = path.first else { return value }
    switch (self, first) {
    case (.table(var entries), .key(let key)):
      let index = entries.firstIndex { $0.key == key }
      let old = index.map { entries[$0].value } ?? .table([])
      let new = old.with(value, at: path.dropFirst())
      if let index { entries.remove(at: index) }
      if let new { entries.insert((key, new), at: index ?? entries.endIndex) }
      return .table(entries)
    case (.list(var items), .item(let number)):
      items[number] = items[number].with(value, at: path.dropFirst()) ?? items[number]
      return .list(items)
    default: preconditionFailure("there is nothing at \(path)")
    }
  }

  /// The text, with each key of a table in a line of its own, and the line at which each path begins.
  var written: (text: String, lines: [[Part]: Int]) {
    var text = ""
    var (line, lines) = (1, [[Part]: Int]())
    write([], &text, &line, &lines)
    return (text, lines)
  }

  private func write(_ path: [Part], _ text: inout String, _ line: inout Int, _ lines: inout [[Part]: Int]) {
    switch self {
    case .scalar(let value): text += value.contains("[") ? "\"\(value)\"" : value
    case .list(let items):
      text += "["
      for (number, item) in items.enumerated() {
        item.write(path + [.item(number)], &text, &line, &lines)
        text += ", "
      }
      text += "]"
    case .table(let entries):
      text += "{"
      for (key, value) in entries {
        text += "\n\(key): "
        line += 1
        lines[path + [.key(key)]] = line
        value.write(path + [.key(key)], &text, &line, &lines)
        text += ","
      }
      text += "}"
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

/// A value that travels as items of a list, without their names:
/// `["request",1,"answer",null,2,"links","file","/etc/hosts",true]`.
///
/// An agent lives for one conversation. What Swift has to find out about a type before it can first be encoded by names
/// took most of the time of a program that answers two hundred questions; a list of plain values needs none of it. What
/// travels seldom is encoded by names all the same, as one item.
protocol Listed {
  func write(to list: inout any UnkeyedEncodingContainer) throws
  init(from list: inout any UnkeyedDecodingContainer) throws
}

extension Array where Element: Listed {
  func write(to list: inout any UnkeyedEncodingContainer) throws {
    try list.encode(count)
    for element in self { try element.write(to: &list) }
  }

  init(from list: inout any UnkeyedDecodingContainer) throws {
    self = []
    // Ends with an error where a list is shorter than it says.
    for _ in 0..<(try list.count()) { append(try Element(from: &list)) }
  }
}

extension [String] {
  func write(to list: inout any UnkeyedEncodingContainer) throws {
    try list.encode(count)
    for text in self { try list.encode(text) }
  }

  init(from list: inout any UnkeyedDecodingContainer) throws {
    self = []
    for _ in 0..<(try list.count()) { append(try list.decode(String.self)) }
  }
}

extension [String: String] {
  func write(to list: inout any UnkeyedEncodingContainer) throws {
    try list.encode(count)
    for (key, value) in self {
      try list.encode(key)
      try list.encode(value)
    }
  }

  init(from list: inout any UnkeyedDecodingContainer) throws {
    self = [:]
    for _ in 0..<(try list.count()) {
      let key = try list.decode(String.self)
      self[key] = try list.decode(String.self)
    }
  }
}

extension UnkeyedEncodingContainer {
  /// A case by its word, with what it says, encoded by names: for what travels seldom.
  mutating func encode(_ word: String, named value: some Encodable) throws {
    try encode(word)
    try encode(value)
  }

  mutating func encode(optional text: String?) throws {
    if let text { try encode(text) } else { try encodeNil() }
  }
}

extension UnkeyedDecodingContainer {
  mutating func count() throws -> Int {
    let count = try decode(Int.self)
    guard count >= 0 else { throw unfit("a count of \(count)") }
    return count
  }

  mutating func decodeOptionalText() throws -> String? { try decodeNil() ? nil : try decode(String.self) }

  func unfit(_ what: String) -> DecodingError {
    DecodingError.dataCorrupted(.init(codingPath: codingPath, debugDescription: "\(what) where none may be"))
  }
}

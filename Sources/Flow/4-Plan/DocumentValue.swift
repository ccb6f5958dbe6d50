// SPDX-License-Identifier: Apache-2.0

/// A document as a tree, whatever it is written in.
enum DocumentValue: Hashable, Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case text(String)
  case list([DocumentValue])
  case members([String: DocumentValue])
}

extension DocumentValue: Decodable {
  private struct Key: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  init(from decoder: any Decoder) throws {
    if let members = try? decoder.container(keyedBy: Key.self) {
      var values: [String: DocumentValue] = [:]
      for key in members.allKeys { values[key.stringValue] = try members.decode(DocumentValue.self, forKey: key) }
      self = .members(values)
      return
    }
    if var list = try? decoder.unkeyedContainer() {
      var values: [DocumentValue] = []
      while !list.isAtEnd { values.append(try list.decode(DocumentValue.self)) }
      self = .list(values)
      return
    }
    let value = try decoder.singleValueContainer()
    if value.decodeNil() {
      self = .null
    } else if let bool = try? value.decode(Bool.self) {
      self = .bool(bool)
    } else if let integer = try? value.decode(Int.self) {
      self = .integer(integer)
    } else if let number = try? value.decode(Double.self) {
      self = .number(number)
    } else {
      self = .text(try value.decode(String.self))
    }
  }
}

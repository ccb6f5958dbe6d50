// SPDX-License-Identifier: Apache-2.0

/// A document as a tree, whatever it is written in.
enum DocumentValue: Hashable, Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case text(String)
  case list([DocumentValue])
  case members(Members)

  /// Whole numbers without a fraction.
  static func digits(_ number: Double) -> String {
    let digits = "\(number)"
    return digits.hasSuffix(".0") ? String(digits.dropLast(2)) : digits
  }

  static func texts(_ texts: some Sequence<String>) -> DocumentValue { .list(texts.map { .text($0) }) }

  static func counts(_ counts: [String: Int]) -> DocumentValue {
    .members(Members(counts.map { ($0.key, .integer($0.value)) }))
  }
}

/// Values by their names, in the order of these.
struct Members: Hashable, Sendable, ExpressibleByDictionaryLiteral {
  struct Member: Hashable, Sendable {
    var name: String
    var value: DocumentValue
  }

  let all: [Member]

  /// Those without a value are left out.
  init(_ members: [(name: String, value: DocumentValue?)]) {
    all = members.compactMap { name, value in value.map { Member(name: name, value: $0) } }.sorted { $0.name < $1.name }
  }

  init(dictionaryLiteral members: (String, DocumentValue?)...) { self.init(members.map { ($0.0, $0.1) }) }

  subscript(_ name: String) -> DocumentValue? { all.first { $0.name == name }?.value }
}

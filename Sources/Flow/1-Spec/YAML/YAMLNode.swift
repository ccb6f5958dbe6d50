// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// One value of the file with the place where it stands. Types come later: a plain scalar is only text here, so that
/// YAML 1.1's surprises (`no`, `010`, `12:30`) cannot happen.
struct YAMLNode: Sendable {
  struct Pair: Sendable {
    var key: YAMLNode
    var value: YAMLNode
  }

  enum Kind: Sendable {
    /// `isPlain`: without quotes, so that an empty one is no value at all.
    case scalar(String, isPlain: Bool)
    case sequence([YAMLNode])
    case mapping([Pair])
  }

  var kind: Kind
  var span: SourceSpan
  /// Values in it, itself included: what an alias to it costs.
  var count: Int

  var text: String? {
    if case .scalar(let text, _) = kind { text } else { nil }
  }

  /// Nothing after the colon, `~` or `null`.
  var isEmpty: Bool {
    if case .scalar(let text, true) = kind { text.isEmpty || text == "~" || text == "null" } else { false }
  }

  var items: [YAMLNode] {
    if case .sequence(let items) = kind { items } else { [] }
  }

  var pairs: [Pair] {
    if case .mapping(let pairs) = kind { pairs } else { [] }
  }

  subscript(_ key: String) -> YAMLNode? { pairs.first { $0.key.text == key }?.value }

  /// `a list`, for messages.
  var noun: String {
    switch kind {
    case .scalar: isEmpty ? "nothing" : "a single value"
    case .sequence: "a list"
    case .mapping: "a mapping"
    }
  }
}

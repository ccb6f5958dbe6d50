// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// The value of a key that a wing has declared and reads. Only that wing knows its type.
package struct Setting: Sendable {
  package let value: any Hashable & Sendable
  package let source: SourceSpan

  package init(_ value: any Hashable & Sendable, source: SourceSpan) {
    self.value = value
    self.source = source
  }
}

extension Setting: Hashable {
  package static func == (a: Self, b: Self) -> Bool {
    AnyHashable(a.value) == AnyHashable(b.value) && a.source == b.source
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(AnyHashable(value))
    hasher.combine(source)
  }
}

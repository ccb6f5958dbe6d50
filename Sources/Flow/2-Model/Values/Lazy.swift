// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// A value that follows from contents that never change, kept beside them: a digest, a text. It is made when first
/// asked for.
///
/// It says nothing of its own: two are always equal, so that what has one is compared by its contents alone.
package final class Lazy<Value: Sendable>: Sendable {
  private let known = Mutex<Value?>(nil)

  package init() {}

  /// - Parameter make: always of the same contents.
  package func value(_ make: () -> Value) -> Value {
    if let value = known.withLock({ $0 }) { return value }
    let value = make()
    known.withLock { $0 = value }
    return value
  }
}

extension Lazy: Hashable {
  package static func == (a: Lazy, b: Lazy) -> Bool { true }
  package func hash(into hasher: inout Hasher) {}
}

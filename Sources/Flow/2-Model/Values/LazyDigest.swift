// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// A digest beside the contents that it follows from, and that never change: made when it is first asked for.
///
/// It says nothing of its own: two are always equal, so that what has one is compared by its contents alone.
package final class LazyDigest: Sendable {
  private let known = Mutex<String?>(nil)

  package init() {}

  /// - Parameter make: always of the same contents.
  package func value(_ make: () -> String) -> String {
    if let digest = known.withLock({ $0 }) { return digest }
    let digest = make()
    known.withLock { $0 = digest }
    return digest
  }
}

extension LazyDigest: Hashable {
  package static func == (a: LazyDigest, b: LazyDigest) -> Bool { true }
  package func hash(into hasher: inout Hasher) {}
}

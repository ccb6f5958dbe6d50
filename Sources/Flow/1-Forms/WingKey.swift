// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// A top-level key of the description that a wing reads. The reader knows none of them: they are given to it.
package struct WingKey: Sendable {
  package let description: KeyDescription
  /// The value of the key, when it is given and can be used.
  package let read: @Sendable (Fields, inout Problems) -> Setting?

  package init<Value: Hashable & Sendable>(_ key: Key<Value>) {
    description = key.description
    read = { fields, problems in fields.read(key, &problems).map { Setting($0.value, source: $0.span) } }
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// A key of the description that a wing reads. The reader knows none of them: they are given to it.
package struct WingKey: Sendable {
  /// The sections that wings add keys to.
  package enum Place: Sendable {
    case cluster
    /// `bmc:` of heads and of nodes.
    case bmc
    /// A group of `nodes:`.
    case nodes
  }

  package let place: Place
  package let description: KeyDescription
  /// The value of the key, when it is given and can be used.
  package let read: @Sendable (Fields, inout Problems) -> Setting?

  package init<Value: Hashable & Sendable>(_ key: Key<Value>, in place: Place = .cluster) {
    self.place = place
    description = key.description
    read = { fields, problems in fields.read(key, &problems).map { Setting($0.value, source: $0.span) } }
  }
}

extension [WingKey] {
  package func of(_ place: WingKey.Place) -> [WingKey] { filter { $0.place == place } }

  /// The values of the keys that are given and can be used, by name.
  package func settings(_ fields: Fields, _ problems: inout Problems) -> [String: Setting] {
    var settings: [String: Setting] = [:]
    for key in self { settings[key.description.name] = key.read(fields, &problems) }
    return settings
  }
}

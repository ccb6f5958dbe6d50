// SPDX-License-Identifier: Apache-2.0

extension Sequence {
  /// The elements by a key, in the order in which the keys come first.
  package func grouped<Key: Hashable>(by key: (Element) -> Key) -> [(key: Key, members: [Element])] {
    var (places, groups): ([Key: Int], [(key: Key, members: [Element])]) = ([:], [])
    for element in self {
      let own = key(element)
      if let place = places[own] {
        groups[place].members.append(element)
      } else {
        places[own] = groups.count
        groups.append((own, [element]))
      }
    }
    return groups
  }
}

// SPDX-License-Identifier: Apache-2.0

extension String {
  /// As a path: whether it is the place itself, or anything below it.
  package func lies(in place: String) -> Bool {
    guard hasPrefix(place) else { return false }
    let rest = utf8.dropFirst(place.utf8.count)
    return rest.isEmpty || rest.first == UInt8(ascii: "/")
  }
}

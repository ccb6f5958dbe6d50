// SPDX-License-Identifier: Apache-2.0

extension StringProtocol {
  /// The 32 digits of a UUID as RFC 9562 writes them: `8-4-4-4-12`.
  package var hyphenatedUUID: String {
    var rest = self[...]
    return [8, 4, 4, 4, 12].map { length in
      defer { rest = rest.dropFirst(length) }
      return String(rest.prefix(length))
    }.joined(separator: "-")
  }
}

// SPDX-License-Identifier: Apache-2.0

/// The package sets that the program brings along: the files of `packages/`, by set and path, and what is compiled for
/// them.
package enum BuiltInSets {
  package struct File: Sendable {
    /// In the set's folder: `set.yaml`.
    package let path: String
    package let isExecutable: Bool
    package let bytes: [UInt8]

    /// The bytes as text, as all files of `packages/` are.
    package var text: String { String(decoding: bytes, as: UTF8.self) }
  }

  /// In the order of their paths.
  package static let all: [String: [File]] = {
    let texts = table.map { ($0.path, $0.isExecutable, Array($0.text.utf8)) }
    let compiled = libraries.map { ($0.path, false, $0.bytes.unicodeScalars.map { UInt8($0.value) }) }
    var sets: [String: [File]] = [:]
    for (path, isExecutable, bytes) in texts + compiled {
      guard let slash = path.firstIndex(of: "/") else { continue }
      sets[String(path[..<slash]), default: []].append(
        File(path: String(path[path.index(after: slash)...]), isExecutable: isExecutable, bytes: bytes))
    }
    return sets.mapValues { $0.sorted { $0.path < $1.path } }
  }()
}

// SPDX-License-Identifier: Apache-2.0

/// The package sets that the program brings along: the files of `packages/`, by set and path.
package enum BuiltInSets {
  package struct File: Sendable {
    /// In the set's folder: `set.yaml`.
    package let path: String
    package let isExecutable: Bool
    package let text: String
  }

  /// In the order of their paths.
  package static let all: [String: [File]] = Dictionary(
    grouping: table.compactMap { path, isExecutable, text -> (set: Substring, file: File)? in
      guard let slash = path.firstIndex(of: "/") else { return nil }
      let file = File(path: String(path[path.index(after: slash)...]), isExecutable: isExecutable, text: text)
      return (path[..<slash], file)
    }, by: { String($0.set) }
  ).mapValues { $0.map(\.file) }

  /// The sentence that a set begins with, as its file has it.
  package static func summary(of set: String) -> String {
    let lines = all[set]?.first { $0.path == "set.yaml" }?.text.split(separator: "\n") ?? []
    let line = lines.first { $0.hasPrefix("summary: ") }?.dropFirst("summary: ".count) ?? ""
    return line.hasPrefix("\"") ? String(line.dropFirst().dropLast()) : String(line)
  }
}

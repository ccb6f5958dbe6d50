// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// Compares `actual` with a file beside the test, byte for byte. `UPDATE_GOLDEN=1` rewrites the file instead.
///
/// `path` is relative to the folder of the calling test file, so that golden files live in the source tree and their
/// changes are reviewed like any other change.
package func expectGolden(
  _ actual: String, at path: String, file: String = #filePath, sourceLocation: SourceLocation = #_sourceLocation
) {
  expectGolden(Array(actual.utf8), at: path, file: file, sourceLocation: sourceLocation)
}

/// The same for what is no text.
package func expectGolden(
  _ actual: [UInt8], at path: String, file: String = #filePath, sourceLocation: SourceLocation = #_sourceLocation
) {
  let url = goldenURL(path, beside: file)
  if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
    do {
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(actual).write(to: url, options: .atomic)
    } catch {
      Issue.record("cannot write \(url.path): \(error)", sourceLocation: sourceLocation)
    }
    return
  }
  let text = String(decoding: actual, as: UTF8.self)
  guard let expected = try? Data(contentsOf: url) else {
    Issue.record(
      "\(url.path) does not exist; UPDATE_GOLDEN=1 writes it. It would hold:\n\(text)", sourceLocation: sourceLocation)
    return
  }
  guard Data(actual) != expected else { return }
  let difference = lineDiff(String(decoding: expected, as: UTF8.self), text)
  Issue.record(
    "\(path) differs (- is the file, + is what came out; UPDATE_GOLDEN=1 accepts it):\n\(difference)",
    sourceLocation: sourceLocation)
}

/// The names of the golden files in a folder beside the test.
package func goldenNames(in path: String, file: String = #filePath) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: goldenURL(path, beside: file).path)
}

private func goldenURL(_ path: String, beside file: String) -> URL {
  URL(filePath: file).deletingLastPathComponent().appending(path: path)
}

/// The lines that differ between two texts, with two lines of context: `-` only in `old`, `+` only in `new`.
package func lineDiff(_ old: String, _ new: String) -> String {
  let a = old.split(separator: "\n", omittingEmptySubsequences: false)
  let b = new.split(separator: "\n", omittingEmptySubsequences: false)
  var removed: Set<Int> = []
  var inserted: Set<Int> = []
  for change in b.difference(from: a) {
    switch change {
    case .remove(let offset, _, _): removed.insert(offset)
    case .insert(let offset, _, _): inserted.insert(offset)
    }
  }

  var marked: [(changed: Bool, text: String)] = []
  var (i, j) = (0, 0)
  while i < a.count || j < b.count {
    if i < a.count, removed.contains(i) {
      marked.append((true, "- \(a[i])"))
      i += 1
    } else if j < b.count, inserted.contains(j) {
      marked.append((true, "+ \(b[j])"))
      j += 1
    } else {
      marked.append((false, "  \(a[i])"))
      (i, j) = (i + 1, j + 1)
    }
  }
  return withContext(marked)
}

private func withContext(_ lines: [(changed: Bool, text: String)]) -> String {
  let context = 2
  let changes = lines.indices.filter { lines[$0].changed }
  let shown = Set(changes.flatMap { max(0, $0 - context)...min(lines.count - 1, $0 + context) })
  var text = ""
  var previous = -1
  for index in shown.sorted() {
    if index != previous + 1 { text += "  ...\n" }
    text += lines[index].text + "\n"
    previous = index
  }
  return text
}

extension String {
  /// Without what stands from the first of these, which have to be there, to before the second.
  package func cut(from start: String, to end: String) throws -> String {
    let first = try #require(range(of: start), "there is no `\(start)`")
    let last = try #require(range(of: end, range: first.upperBound..<endIndex), "there is no `\(end)`")
    return String(self[..<first.lowerBound] + self[last.lowerBound...])
  }
}

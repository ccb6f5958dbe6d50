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

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
  let url = URL(filePath: file).deletingLastPathComponent().appending(path: path)
  if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
    do {
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(actual.utf8).write(to: url, options: .atomic)
    } catch {
      Issue.record("cannot write \(url.path): \(error)", sourceLocation: sourceLocation)
    }
    return
  }
  guard let data = try? Data(contentsOf: url) else {
    Issue.record(
      "\(url.path) does not exist; UPDATE_GOLDEN=1 writes it. It would hold:\n\(actual)", sourceLocation: sourceLocation
    )
    return
  }
  let expected = String(decoding: data, as: UTF8.self)
  guard actual != expected else { return }
  Issue.record(
    "\(path) differs (- is the file, + is what came out; UPDATE_GOLDEN=1 accepts it):\n\(lineDiff(expected, actual))",
    sourceLocation: sourceLocation)
}

// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A file in a run's commit, as git keeps it: what it holds, and whether it may be run.
package struct RecordedFile: Hashable, Sendable {
  package var bytes: [UInt8]
  package var isExecutable: Bool

  package init(_ bytes: [UInt8], isExecutable: Bool = false) {
    self.bytes = bytes
    self.isExecutable = isExecutable
  }

  /// git knows no other modes of files: git-fast-import(1).
  var mode: String { isExecutable ? "100755" : "100644" }

  /// In place, so that a file keeps its owner and what its mode says besides who may run it.
  package func write(to location: URL) throws {
    let files = FileManager.default
    try files.createDirectory(at: location.deletingLastPathComponent(), withIntermediateDirectories: true)
    if let file = FileHandle(forUpdatingAtPath: location.path) {
      defer { file.closeFile() }
      try file.truncate(atOffset: 0)
      try file.write(contentsOf: Data(bytes))
    } else {
      try Data(bytes).write(to: location)
    }
    guard files.isExecutableFile(atPath: location.path) != isExecutable else { return }
    try files.setAttributes([.posixPermissions: isExecutable ? 0o755 : 0o644], ofItemAtPath: location.path)
  }
}

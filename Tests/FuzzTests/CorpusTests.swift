// SPDX-License-Identifier: Apache-2.0
import Foundation
import Fuzzing
import Testing

/// The inputs that fuzzing kept, run again: a promise that one of them once broke stays kept.
@Suite struct CorpusTests {
  @Test(arguments: FuzzTarget.allCases)
  func noKeptInputBreaksAPromise(_ target: FuzzTarget) throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "corpus/\(target.rawValue)")
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    #expect(files.count > 20)

    // A broken promise ends the process; the name printed last is the input's.
    for file in files.sorted(by: { $0.path < $1.path }) { target.check(Array(try Data(contentsOf: file))) }
  }
}

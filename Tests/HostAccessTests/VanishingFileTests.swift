// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import Testing

@testable import HostAccess

/// Files that another process makes and takes away while they are asked for: changes under the dead-man switch end
/// while a probe looks.
@Suite struct VanishingFileTests {
  @Test func aFileThatGoesAwayIsNoError() async throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "vanishing-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let other = Task.detached {
      while !Task.isCancelled {
        try FileSystem.write(Array("{}".utf8), to: path, mode: 0o600)
        try FileSystem.remove(path)
      }
    }
    var seen: Set<Bool> = []
    for _ in 0..<100_000 {
      let bytes = try FileSystem.contents(path)
      seen.insert(bytes != nil)
      if let bytes { #expect(bytes == Array("{}".utf8)) }
    }
    other.cancel()
    _ = await other.result

    #expect(seen == [true, false])
  }
}

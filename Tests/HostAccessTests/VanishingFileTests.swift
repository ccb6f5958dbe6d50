// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import Testing

@testable import HostAccess

/// Files that another process may take away while they are asked for: the look and the read are one step.
@Suite struct VanishingFileTests {
  @Test func aFileThatIsNotThereIsNoError() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "vanishing-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/change.json"

    #expect(try FileSystem.contents(path) == nil)
    try FileSystem.write(Array("{}".utf8), to: path, mode: 0o600)
    #expect(try FileSystem.contents(path) == Array("{}".utf8))
    #expect(try FileSystem.contents(path + "/below") == nil)
    try FileSystem.remove(path)
    #expect(try FileSystem.contents(path) == nil)
  }

  /// What cannot be read is not absent.
  @Test func aFileThatCannotBeReadIsAnError() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "vanishing-\(UUID().uuidString)").path
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: path)
    defer { try? FileManager.default.removeItem(atPath: path) }

    #expect(throws: AgentError.self) { try FileSystem.contents(path) }
  }
}

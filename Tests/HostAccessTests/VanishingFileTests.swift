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

  /// Two runs copy the agent at once, and the second puts the same program where the first one's runs.
  @Test func aProgramThatWasReplacedIsStillFound() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "replaced-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/agent"
    try FileManager.default.copyItem(atPath: "/usr/bin/sleep", toPath: path)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = ["60"]
    try process.run()
    // It has SIGTERM blocked, as the thread of this task has.
    defer { kill(process.processIdentifier, SIGKILL) }
    let link = "/proc/\(process.processIdentifier)/exe"
    #expect(try FileSystem.program(link) == path)

    try FileManager.default.copyItem(atPath: "/usr/bin/sleep", toPath: path + ".new")
    try #require(rename(path + ".new", path) == 0)
    #expect(try FileSystem.linkTarget(link) == path + " (deleted)")
    #expect(try FileSystem.program(link) == path)
  }
}

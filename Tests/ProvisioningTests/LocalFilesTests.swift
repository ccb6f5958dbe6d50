// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import Testing

@testable import AgentServer

/// What cannot be looked at is not absent: the agent would build an image anew, install a head anew, or leave keys in
/// an image that everybody can fetch.
@Suite struct LocalFilesTests {
  @Test func whatCannotBeLookedAtIsNotAbsent() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "local-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    // Root may read everything; a link that leads to itself stops root too.
    let loop = folder + "/loop"
    try FileManager.default.createSymbolicLink(atPath: loop, withDestinationPath: loop)
    try Data("x".utf8).write(to: URL(filePath: folder + "/file"))

    #expect(throws: AgentError.self) { try LocalFiles.names(in: loop) }
    #expect(throws: AgentError.self) { try LocalFiles.files(below: loop) }
    #expect(throws: AgentError.self) { try LocalFiles.exists(loop) }
    #expect(throws: AgentError.self) { try LocalFiles.size(loop + "/root.squashfs") }
    #expect(throws: AgentError.self) { try LocalFiles.names(in: folder + "/file") }

    #expect(try LocalFiles.names(in: folder + "/none").isEmpty)
    #expect(try !LocalFiles.exists(folder + "/none") && !LocalFiles.exists(folder + "/file/below"))
    #expect(try LocalFiles.size(folder + "/file") == 1)
    #expect(try LocalFiles.files(below: folder) == ["file"])
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Testing

@testable import Wings

@Suite struct PayloadTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Sources/Wings/Images/Payload").standardizedFileURL.path

  private static func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  @Test func scriptsAreClean() async throws {
    let scripts = try Self.names().filter { name in
      let text = try String(contentsOfFile: "\(Self.folder)/\(name)", encoding: .utf8)
      return text.hasPrefix("#!/bin/") || text.hasPrefix("# shellcheck shell=")
    }

    let result = try await Command.run(
      "shellcheck", ["-x", "-P", Self.folder] + scripts.map { "\(Self.folder)/\($0)" }, deadline: .seconds(120))

    #expect(scripts.count >= 6)
    #expect(result.succeeded, "\(result.text)")
  }

  @Test func everyFileIsLaidDown() throws {
    let laid = Set((ImagePayload.files.values + [ImagePayload.finish, ImagePayload.timezone]).map(\.contents.digest))
    for name in try Self.names() {
      let bytes = Array(try Data(contentsOf: URL(filePath: "\(Self.folder)/\(name)")))
      #expect(laid.contains(Content.bytes(bytes).digest), "\(name) is in no image")
    }
  }

  @Test func programsCanBeRun() {
    for (path, entry) in ImagePayload.files {
      guard case .text(let text) = entry.contents, text.hasPrefix("#!") else { continue }
      #expect(entry.executable, "\(path)")
    }
  }
}

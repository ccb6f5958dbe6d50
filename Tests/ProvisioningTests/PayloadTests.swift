// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Testing

@testable import Wings

@Suite struct PayloadTests {
  private static let wings = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Sources/Wings").standardizedFileURL.path
  private static let folder = wings + "/Images/Payload"

  private static func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  /// The scripts of every wing's payload.
  private static func scripts() throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: wings).sorted().filter { path in
      path.split(separator: "/").dropLast().last == "Payload"
    }.map { "\(wings)/\($0)" }.filter { path in
      let text = try String(contentsOfFile: path, encoding: .utf8)
      return text.hasPrefix("#!/bin/") || text.hasPrefix("# shellcheck shell=")
    }
  }

  @Test func scriptsAreClean() async throws {
    let scripts = try Self.scripts()

    let result = try await Command.run(
      "shellcheck", ["-x", "-P", Self.folder] + scripts, deadline: .seconds(120))

    #expect(scripts.count >= 12, "\(scripts)")
    #expect(result.succeeded, "\(result.text)")
  }

  @Test func everyFileIsLaidDown() throws {
    let laid = Set((ImagePayload.files.values + [ImagePayload.finish]).map(\.contents.digest))
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

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import Testing

@testable import AgentServer

/// Links of an image lead to places of the image, never to this head's.
@Suite struct ImageRootTests {
  /// Calls `body` with a root, and with a folder beside it that stands for the head's own.
  private func with(_ body: (ImageRoot, String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "image-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder + "/root", withIntermediateDirectories: true)
    try FileManager.default.createDirectory(atPath: folder + "/head/log", withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(ImageRoot(path: folder + "/root"), folder + "/head")
  }

  private func link(_ path: String, to target: String) throws {
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
  }

  @Test func absoluteLinksStayInside() throws {
    try with { root, head in
      try link(root.path + "/var/log", to: head + "/log")
      try Data("the head's".utf8).write(to: URL(filePath: head + "/log/syslog"))

      try root.remove("var/log/syslog")
      try root.write(Array("the image's".utf8), to: "var/log/new")

      #expect(try LocalFiles.names(in: head + "/log") == ["syslog"])
      #expect(try root.names(in: "/var/log") == ["new"])
      #expect(try LocalFiles.exists(root.path + head + "/log/new"))
    }
  }

  @Test func linksUpwardsStopAtTheRoot() throws {
    try with { root, head in
      try link(root.path + "/spool", to: "../../../../../../.." + head)

      #expect(try root.place("spool/a") == root.path + head + "/a")
      #expect(try root.place("../../etc/passwd") == root.path + "/etc/passwd")
    }
  }

  @Test func aLinkAtTheEndIsFollowedWhenAsked() throws {
    try with { root, _ in
      try link(root.path + "/etc/hostname", to: "/run/hostname")

      #expect(try root.place("etc/hostname") == root.path + "/etc/hostname")
      #expect(try root.place("etc/hostname", following: true) == root.path + "/run/hostname")
    }
  }

  @Test func aLoopIsAnError() throws {
    try with { root, _ in
      try link(root.path + "/a", to: "/b")
      try link(root.path + "/b", to: "/a")

      #expect(throws: AgentError.self) { try root.place("a/x") }
    }
  }
}

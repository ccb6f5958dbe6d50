// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Foundation
import Testing
import Wings

@testable import Reconciler

/// Files beside a description keep what git keeps of them, and what it does not keep is said.
@Suite struct FilesBesideTests {
  private static let text = """
    version: 1
    cluster: hut
    domain: hut.example.org
    networks:
      private: { cidr: 10.1.0.0/16, serves: [dhcp, dns, boot] }
    heads:
      head1:
        nics:
          eth0: { network: private, address: 10.1.0.1, mac: 52:54:00:01:00:01 }
    images:
      compute: { release: debian/bookworm, files: images/compute, PERMISSIONS run: [images/finish.sh] }
    nodes:
      - names: node01
        image: compute
        nics:
          eth0: { network: private, address: 10.1.1.1, mac: 52:54:00:11:00:01 }

    """

  /// Calls `body` with a folder that holds the description, a program, a file, and a link to a unit.
  private func with(permissions: String = "", _ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "beside-\(UUID().uuidString)")
    let units = folder.appending(path: "images/compute/etc/systemd/system/multi-user.target.wants")
    try FileManager.default.createDirectory(at: units, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func write(_ text: String, _ path: String, _ mode: Int) throws {
      let location = folder.appending(path: path)
      try Data(text.utf8).write(to: location)
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: location.path)
    }
    try write(Self.text.replacingOccurrences(of: "PERMISSIONS", with: permissions), "cluster.yaml", 0o644)
    try write("#!/bin/sh\n", "images/finish.sh", 0o755)
    try write("hello\n", "images/compute/etc/motd", 0o644)
    try FileManager.default.createSymbolicLink(
      atPath: units.path + "/a.service", withDestinationPath: "/usr/lib/systemd/system/a.service")
    try body(folder)
  }

  private func load(_ folder: URL) throws -> Specification {
    try Specification.load(folder.appending(path: "cluster.yaml"))
  }

  private func recipe(_ specification: Specification) throws -> ImageRecipe {
    let cluster = try #require(specification.cluster, "\(specification.diagnostics)")
    let recipes = Expansion.expand(cluster, specification.files).compactMap {
      ($0.desired as? ImageKind.Desired)?.recipe
    }
    return try #require(recipes.first)
  }

  @Test func aLinkBelowTheFolderIsALinkOfTheImage() throws {
    try with { folder in
      let path = "etc/systemd/system/multi-user.target.wants/a.service"
      let specification = try load(folder)
      let before = try recipe(specification)

      #expect(before.links == [path: "/usr/lib/systemd/system/a.service"])
      #expect(specification.files.files["images/compute/" + path]?.kind == .link)
      try FileManager.default.removeItem(atPath: folder.path + "/images/compute/" + path)
      #expect(try recipe(load(folder)).digest != before.digest)
    }
  }

  @Test(arguments: ["images", "images/compute", "images/finish.sh"])
  func aPathThroughALinkIsRefused(_ path: String) throws {
    try with { folder in
      let outside = folder.path + ".outside"
      try FileManager.default.moveItem(atPath: folder.path + "/" + path, toPath: outside)
      defer { try? FileManager.default.removeItem(atPath: outside) }
      try FileManager.default.createSymbolicLink(atPath: folder.path + "/" + path, withDestinationPath: outside)

      let specification = try load(folder)

      #expect(specification.cluster == nil)
      #expect(specification.diagnostics.first?.code == .linkedPath)
      #expect(specification.files.files.keys.allSatisfy { !$0.hasPrefix(path) })
    }
  }

  @Test func aSecretIsNotAlsoInTheImage() throws {
    let secrets = "secrets: { /etc/motd: { from: secret:motd }, /etc/token: { from: secret:token } },"
    try with(permissions: secrets) { folder in
      let specification = try load(folder)
      #expect(specification.cluster == nil && specification.diagnostics.map(\.code) == [.secretPath])
      let found = try #require(specification.diagnostics.first)
      #expect(found.span.line == 11 && found.span.endColumn - found.span.column == "/etc/motd".count)
    }
    try with(permissions: "secrets: { /etc/token: { from: secret:token } },") { folder in
      let paths = try recipe(load(folder)).secretPaths
      #expect(paths == ["/etc/token"])
    }
  }

  /// Nothing in an image's folder is left out without a word.
  @Test func whatGitDoesNotKeepIsTold() throws {
    func told(_ make: (String) -> Void) throws -> [String] {
      var details: [String] = []
      try with { folder in
        make(folder.path + "/images/compute/etc")
        let diagnostics = try load(folder).diagnostics
        details = diagnostics.map { "\($0.code.id): \($0.detail)" }
      }
      return details
    }
    let names = try told { etc in
      let bytes = Array("\(etc)/caf".utf8) + [0xe9, 0]
      bytes.withUnsafeBytes { bytes in
        if let path = bytes.bindMemory(to: CChar.self).baseAddress { close(open(path, O_CREAT | O_WRONLY, 0o644)) }
      }
    }
    #expect(names == ["spec.lost-file: The name of `images/compute/etc/caf\u{fffd}` is not UTF-8."])
    #expect(
      try told { mkfifo($0 + "/pipe", 0o644) }
        == ["spec.lost-file: `images/compute/etc/pipe` is a socket, a pipe or a device, which git does not keep."])
    #expect(
      try told { mkdir($0 + "/spool", 0o755) }
        == ["spec.lost-file: `images/compute/etc/spool` is an empty folder, which git does not keep."])
    let modes = try told { etc in
      chmod(etc + "/motd", 0o4755)
      chmod(etc, 0o700)
    }
    #expect(
      modes == [
        "spec.private-file: `images/compute/etc` has mode 0700, which git does not keep: "
          + "in the image all could read it.",
        "spec.private-file: `images/compute/etc/motd` has mode 04755, which git does not keep: "
          + "in the image it would not have it.",
      ])
  }

  @Test func aFileThatIsNotForAllNeedsItsModeInTheImage() throws {
    func narrow(_ folder: URL) throws {
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o600], ofItemAtPath: folder.path + "/images/compute/etc/motd")
    }
    try with { folder in
      try narrow(folder)
      let specification = try load(folder)
      #expect(specification.cluster == nil && specification.diagnostics.map(\.code) == [.privateFile])
    }
    try with(permissions: "permissions: { /etc/motd: root:adm 0640 },") { folder in
      try narrow(folder)
      let permission = ClientImage.Permission(path: "/etc/motd", owner: "root:adm", mode: 0o640)
      #expect(try recipe(load(folder)).permissions == [permission])
    }
  }
}

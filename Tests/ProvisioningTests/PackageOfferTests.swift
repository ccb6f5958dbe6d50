// SPDX-License-Identifier: Apache-2.0
import AgentServer
import ClusterModel
import Foundation
import Testing
import Wings

/// Real apt over a repository of files: an archive and its suite of security updates.
@Suite struct PackageOfferTests {
  private final class Archive {
    let folder = FileManager.default.temporaryDirectory.appending(path: "offer-\(UUID().uuidString)")
    /// Lines of sources.list(5).
    var sources: [String] = []

    deinit { try? FileManager.default.removeItem(at: folder) }

    func suite(_ name: String, _ packages: [(name: String, version: String, depends: String)]) throws {
      let place = folder.appending(path: "\(name)/dists/\(name)/main/binary-amd64")
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      let text = packages.map { package in
        """
        Package: \(package.name)
        Version: \(package.version)
        Architecture: amd64
        Essential: \(package.name == "base" ? "yes" : "no")
        \(package.depends.isEmpty ? "" : "Depends: \(package.depends)\n")Filename: pool/\(package.name).deb
        Size: 1
        SHA256: \(String(repeating: "0", count: 64))
        """.split(separator: "\n").joined(separator: "\n") + "\n\n"
      }.joined()
      try text.write(to: place.appending(path: "Packages"), atomically: true, encoding: .utf8)
      let release =
        "Origin: Test\nSuite: \(name)\nCodename: \(name)\nArchitectures: amd64\nComponents: main\n"
        + "SHA256:\n \(SHA256.hex(Array(text.utf8))) \(text.utf8.count) main/binary-amd64/Packages\n"
      try release.write(
        to: folder.appending(path: "\(name)/dists/\(name)/Release"), atomically: true, encoding: .utf8)
      sources.append("deb [trusted=yes arch=amd64] file:\(folder.path)/\(name) \(name) main")
    }

    func offer(_ packages: [String]) async throws -> PackageOffer {
      let place = folder.appending(path: "asked-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      return try await PackageOffer.asked(packages, from: sources, proxy: nil, in: place.path)
    }
  }

  @Test func newerPackagesAndSecurityUpdatesAreCounted() async throws {
    let archive = Archive()
    try archive.suite(
      "bookworm",
      [
        ("base", "1.10", ""), ("apt", "2.6", ""), ("kernel", "6", "kernel-6.1.0-28"), ("kernel-6.1.0-28", "6.1", ""),
        ("tool", "3:1.0~rc1", "library"), ("library", "1.0+deb12u3", ""), ("other", "9", ""),
      ])
    try archive.suite(
      "bookworm-security", [("library", "1.0+deb12u2", ""), ("base", "1.9", ""), ("tool", "2", "library")])

    let offer = try await archive.offer(["kernel", "tool"])
    let installed = [
      "base": "1.9", "apt": "2.6", "kernel": "5", "kernel-6.1.0-27": "6.1", "tool:amd64": "3:1.0",
      "library:amd64": "1.0+deb12u1", "of-the-site": "1",
    ]
    let updates = try await offer.updates(of: installed)

    // base: what is newer comes with the archive alone. tool: 3:1.0~rc1 comes before 3:1.0.
    #expect(
      updates
        == ImageUpdates(
          newer: [
            .init(name: "base", from: "1.9", to: "1.10", isSecurity: false),
            .init(name: "kernel", from: "5", to: "6", isSecurity: false),
            .init(name: "library", from: "1.0+deb12u1", to: "1.0+deb12u3", isSecurity: true),
          ], added: ["kernel-6.1.0-28"]))
    #expect(updates.words == "3 packages newer, 1 security")
    #expect(offer.versions["other"] == nil)
  }

  @Test func aPackageThatNobodyHasIsAnErrorAndNotUpToDate() async throws {
    let archive = Archive()
    try archive.suite("bookworm", [("base", "1", ""), ("apt", "2", "")])

    let problem = await #expect(throws: AgentError.self) { try await archive.offer(["no-such-package"]) }
    #expect(problem?.code == .notFound)
    archive.sources = ["deb [trusted=yes] file:\(archive.folder.path)/nowhere bookworm main"]
    let unreachable = await #expect(throws: AgentError.self) { try await archive.offer([]) }
    #expect(unreachable?.code == .packageSource)
  }
}

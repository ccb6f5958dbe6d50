// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import Foundation
import Reconciler
import SpecReading
import TestKit
import Testing
import Wings

/// `repositories: extra:`, from the file to what apt reads.
@Suite struct ExtraRepositoriesTests {
  private static func description(_ extra: String, more: String = "", image: String = "") -> String {
    """
    version: 1
    cluster: alps
    domain: alps.example.org
    repositories: { proxy: "http://10.1.0.254:3142", extra: [\(extra)]\(more) }
    networks: { private: { cidr: 10.1.0.0/16, serves: [dhcp, dns, boot] } }
    heads: { head1: { nics: { eth0: { network: private, address: 10.1.0.1 } } } }
    images: { compute: { release: debian/bookworm }, gpu: { release: debian/bookworm\(image) } }
    nodes:
      - { names: node1, image: compute, nics: { eth0: { network: private, address: 10.1.1.1, mac: 52:54:00:11:00:01 } } }
      - { names: gpu1, image: gpu, nics: { eth0: { network: private, address: 10.1.1.2, mac: 52:54:00:11:00:02 } } }

    """
  }

  private static let cuda = "uri: http://packages.example.org/cuda, suite: bookworm, key: keys/vendor.asc"

  /// A folder with the description and keys, as a site has it.
  private func load(_ text: String, keys: [String: String] = ["vendor.asc": SampleKeys.vendor]) throws -> Specification
  {
    let folder = FileManager.default.temporaryDirectory.appending(path: "extra-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder.appending(path: "keys"), withIntermediateDirectories: true)
    for (name, key) in keys {
      try key.write(to: folder.appending(path: "keys/\(name)"), atomically: true, encoding: .utf8)
    }
    let location = folder.appending(path: "cluster.yaml")
    try text.write(to: location, atomically: true, encoding: .utf8)
    return try Specification.load(location)
  }

  private func errors(_ extra: String, keys: [String: String] = ["vendor.asc": SampleKeys.vendor]) throws -> [String] {
    try load(Self.description(extra), keys: keys).diagnostics.filter { $0.severity == .error }
      .map { "\($0.code.id): \($0.detail)" }
  }

  private func recipes(_ text: String, key: String = SampleKeys.vendor) throws -> [String: ImageRecipe] {
    let specification = try load(text, keys: ["vendor.asc": key])
    let cluster = try #require(specification.cluster, "\(specification.diagnostics)")
    return Publications(cluster, specification.files).images
  }

  /// The files of apt that a head gets, by path.
  private func headFiles(_ text: String) throws -> [String: String] {
    let specification = try load(text)
    let cluster = try #require(specification.cluster, "\(specification.diagnostics)")
    let files = Expansion.expand(cluster, specification.files).compactMap { ($0.desired as? FileKind.Desired)?.file }
    return Dictionary(
      files.filter { $0.path.hasPrefix("/etc/apt/") }.map {
        ($0.path, String(decoding: $0.contents.bytes, as: UTF8.self))
      }
    ) { first, _ in first }
  }

  @Test func headsGetTheStanzaWithTheKeyInIt() throws {
    let files = try headFiles(Self.description("{ \(Self.cuda), components: [main, extras] }"))
    let key = SampleKeys.vendor.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
      .map { $0.isEmpty ? " ." : " \($0)" }.joined(separator: "\n")
    #expect(
      files["/etc/apt/sources.list.d/cluster.sources"] == """
        # Written by cluster; changes made here are undone.

        # Signed by \(SampleKeys.vendorFingerprint).
        Types: deb
        URIs: http://packages.example.org/cuda
        Suites: bookworm
        Components: main extras
        Signed-By:
        \(key)

        """)
    #expect(files["/etc/apt/apt.conf.d/00cluster-proxy"] == "Acquire::http::Proxy \"http://10.1.0.254:3142\";\n")
  }

  /// An image alone has its driver; a flat repository has no components.
  @Test func onlyThoseThatAreNamedHaveIt() throws {
    let all = try recipes(Self.description("{ \(Self.cuda) }"))
    let some = Self.description(
      "{ uri: http://packages.example.org/cuda, suite: ./, key: keys/vendor.asc, images: [gpu] }")
    let one = try recipes(some)

    #expect(all["compute"]?.extra.count == 1 && all["gpu"]?.extra.count == 1)
    #expect(one["compute"]?.extra == [])
    #expect(
      one["gpu"]?.extra.map(\.words) == [
        "http://packages.example.org/cuda ./, signed by \(SampleKeys.vendorFingerprint)"
      ])
    #expect(try headFiles(some)["/etc/apt/sources.list.d/cluster.sources"] == nil)
    let both = try headFiles(Self.description("{ \(Self.cuda), images: [gpu], heads: true }"))
    #expect(both["/etc/apt/sources.list.d/cluster.sources"] != nil)
  }

  @Test func addressAndKeyArePartOfTheImage() throws {
    let plain = try #require(try recipes(Self.description(""))["gpu"])
    let image = try #require(try recipes(Self.description("{ \(Self.cuda) }"))["gpu"])
    let moved = try #require(
      try recipes(Self.description("{ \(Self.cuda.replacing("/cuda", with: "/cuda12")) }"))["gpu"])
    let signed = try #require(try recipes(Self.description("{ \(Self.cuda) }"), key: SampleKeys.other)["gpu"])

    let all = [plain, image, moved, signed]
    #expect(Set(all.map(\.digest)).count == 4 && Set(all.map(\.layerKey)).count == 4)
    #expect(image.asOf(try #require(ArchiveDate("2026-11-28"))) == image, "it has no date")
  }

  /// apt speaks HTTPS with nobody before it has certificates.
  @Test func certificatesComeFromTheDistributionFirst() throws {
    let specification = try load(
      Self.description("{ \(Self.cuda.replacing("http:", with: "https:")), images: [gpu], heads: true }"))
    let cluster = try #require(specification.cluster)
    let resources = Expansion.expand(cluster, specification.files)
    let sources = try #require(resources.first { $0.id.name == "/etc/apt/sources.list.d/cluster.sources" })
    let certificates = try #require(resources.first { $0.id.name == "certificates" })

    #expect(sources.after.contains(certificates.id))
    #expect(!certificates.after.contains(sources.id))
    let builder = try #require(resources.first { $0.id == PackagesKind.id(on: "head1", "images") })
    #expect((builder.desired as? PackagesKind.Desired)?.names.contains("ca-certificates") == true)
  }

  @Test func whatCannotWorkIsRefusedInWords() throws {
    let other = "uri: http://packages.example.org/other, suite: bookworm"
    #expect(try errors("{ \(other) }") == ["spec.missing-key: `key` is missing from a repository."])
    #expect(
      try errors("{ \(other), key: keys/gone.asc }") == ["spec.repository-key: `keys/gone.asc` is not there."])
    #expect(
      try errors("{ \(other), key: keys/page.asc }", keys: ["page.asc": "<html></html>\n"]) == [
        "spec.repository-key: `keys/page.asc` has no OpenPGP public key."
      ])
    #expect(
      try errors("{ \(other), key: keys/s }", keys: ["s": "-----BEGIN PGP PRIVATE KEY BLOCK-----\n"]) == [
        "spec.repository-key: `keys/s` holds a secret key."
      ])
    #expect(
      try errors("{ \(Self.cuda), images: [gpus] }") == ["spec.unknown-image: There is no image `gpus`."])
    #expect(
      try errors("{ \(Self.cuda) }, { \(Self.cuda), components: [extras] }") == [
        "spec.repeated-item: `http://packages.example.org/cuda` has the suite `bookworm` twice."
      ])
    #expect(
      try errors("{ uri: http://x/y, suite: ./, components: [main], key: keys/vendor.asc }") == [
        "spec.no-effect: A suite that ends with a slash has no components."
      ])
    #expect(
      try errors("{ \(Self.cuda), images: [], heads: false }") == [
        "spec.no-effect: Neither heads nor an image would have this repository."
      ])
    #expect(
      try errors("{ uri: http://x/y, suite: \"main [trusted=yes]\", key: keys/vendor.asc }") == [
        "spec.bad-name: `main [trusted=yes]` is not a suite."
      ])
  }

  /// People look for it in the image.
  @Test func anImageSaysWhereRepositoriesAreDescribed() throws {
    let text = Self.description("", image: ", repositories: [{ url: https://packages.example.org/cuda }]")
    let diagnostic = try #require(try load(text).diagnostics.first { $0.code == .unknownKey })
    #expect(diagnostic.help.contains("`repositories: { extra: ["), "\(diagnostic)")
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Reconciler
import Testing
import Wings

/// `oci:` of an image, from what skopeo(1) and umoci(1) write to the image's name.
@Suite(.enabled(if: OCISample.isPossible, "skopeo and umoci are not installed: run scripts/setup"))
struct OCIArchiveTests {
  private static func description(_ image: String) -> String {
    """
    version: 1
    cluster: alps
    domain: alps.example.org
    networks: { private: { cidr: 10.1.0.0/16, serves: [dhcp, dns, boot] } }
    heads: { head1: { nics: { eth0: { network: private, address: 10.1.0.1 } } } }
    images: { compute: { release: debian/bookworm, \(image) } }
    nodes:
      - { names: node1, image: compute, nics: { eth0: { network: private, address: 10.1.1.1, mac: 52:54:00:11:00:01 } } }

    """
  }

  private static func load(_ image: String, in folder: URL) throws -> Specification {
    let location = folder.appending(path: "cluster.yaml")
    try description(image).write(to: location, atomically: true, encoding: .utf8)
    return try Specification.load(location)
  }

  private static func recipe(_ image: String, in folder: URL) throws -> ImageRecipe {
    let specification = try load(image, in: folder)
    let cluster = try #require(specification.cluster, "\(specification.diagnostics)")
    return try #require(Publications(cluster, specification.files).images["compute"])
  }

  private static func errors(_ image: String, in folder: URL) throws -> [String] {
    try load(image, in: folder).diagnostics.filter { $0.severity == .error }.map { "\($0.code.id): \($0.detail)" }
  }

  @Test func aLayoutAndItsArchiveAreOneImage() async throws {
    let sample = try await OCISample()
    defer { sample.remove() }
    try await sample.archive("base.oci")

    let layout = try Self.recipe("oci: layout, kernel: linux-image-amd64", in: sample.folder)
    let archive = try Self.recipe("oci: base.oci, kernel: linux-image-amd64", in: sample.folder)
    let whole = try Self.recipe(
      "oci: \(sample.folder.path)/base.oci, kernel: linux-image-amd64", in: sample.folder)
    let plain = try Self.recipe("kernel: linux-image-amd64", in: sample.folder)

    #expect(layout.oci?.contents.count == 2 && layout.digest == archive.digest && layout.digest == whole.digest)
    #expect(plain.digest != layout.digest)
    // What is found there is what is named: every byte of every blob.
    let found = try Self.load("oci: base.oci, kernel: linux-image-amd64", in: sample.folder).blobs
    for blob in try #require(archive.oci).blobs {
      let place = try #require(found[blob.digest])
      #expect(SHA256.hex(try place.bytes(from: 0, count: place.size)) == blob.digest)
    }
    try await sample.insert("second")
    #expect(try Self.recipe("oci: layout, kernel: linux-image-amd64", in: sample.folder).digest != layout.digest)
  }

  @Test func whatCannotBeMeantIsRefused() async throws {
    let sample = try await OCISample()
    defer { sample.remove() }
    try await sample.archive("base.oci")
    let base = "oci: base.oci, kernel: linux-image-amd64"

    #expect(
      try Self.errors("oci: base.oci", in: sample.folder) == [
        "spec.missing-key: `compute` begins with an OCI image, which has no kernel to boot."
      ])
    #expect(
      try Self.errors("oci: none.oci, kernel: linux-image-amd64", in: sample.folder) == [
        "spec.missing-file: Image `compute` begins with `none.oci`, which is not there."
      ])
    #expect(
      try Self.errors("oci: cluster.yaml, kernel: linux-image-amd64", in: sample.folder) == [
        "spec.bad-oci: `cluster.yaml` is no archive of an OCI layout."
      ])
    #expect(try Self.errors("oci: ../base.oci, kernel: k", in: sample.folder).first?.hasPrefix("spec.bad-path") == true)
    let transport = try Self.load("oci: oci-archive:base.oci, kernel: linux-image-amd64", in: sample.folder)
    #expect(transport.diagnostics.first?.fixIts.isEmpty == false)

    try await sample.tag("other")
    let two = try Self.errors("oci: layout, kernel: linux-image-amd64", in: sample.folder)
    #expect(two == ["spec.bad-oci: `layout` holds 2 images: latest, other."])

    let path = sample.folder.appending(path: "base.oci")
    let bytes = try Data(contentsOf: path)
    try bytes.prefix(bytes.count / 2).write(to: path)
    #expect(
      try Self.errors(base, in: sample.folder).first?.hasPrefix("spec.bad-oci: `base.oci` is damaged: it") == true)
    try Data([0x1f, 0x8b] + bytes).write(to: path)
    #expect(try Self.errors(base, in: sample.folder) == ["spec.bad-oci: `base.oci` is compressed as a whole."])
  }

  /// What is small is compared with its digest at once, what is large by its size.
  @Test func damageIsSeen() async throws {
    let sample = try await OCISample()
    defer { sample.remove() }
    let base = "oci: layout, kernel: linux-image-amd64"
    let oci = try #require(try Self.recipe(base, in: sample.folder).oci)
    let blobs = sample.folder.appending(path: "layout/blobs/sha256")

    let manifest = blobs.appending(path: oci.manifest.digest)
    let text = try String(contentsOf: manifest, encoding: .utf8)
    try text.replacingOccurrences(of: "config", with: "konfig").write(to: manifest, atomically: true, encoding: .utf8)
    #expect(
      try Self.errors(base, in: sample.folder) == [
        "spec.bad-oci: `layout` is damaged: sha256:\(oci.manifest.digest) holds other bytes."
      ])
    try text.write(to: manifest, atomically: true, encoding: .utf8)

    let layer = try #require(oci.contents.last)
    let place = blobs.appending(path: layer.digest)
    try Data(repeating: 0, count: layer.size + 1).write(to: place, options: .atomic)
    #expect(
      try Self.errors(base, in: sample.folder) == [
        "spec.bad-oci: `layout` is damaged: sha256:\(layer.digest) has \(layer.size + 1) bytes instead of \(layer.size)."
      ])
    try FileManager.default.removeItem(at: place)
    #expect(
      try Self.errors(base, in: sample.folder) == [
        "spec.bad-oci: `layout` is not whole: sha256:\(layer.digest) is missing."
      ])
  }

  @Test func anImageForOtherMachinesOrOfAnotherFormatIsRefused() async throws {
    let sample = try await OCISample()
    defer { sample.remove() }
    // As build tools write it that have layouts, and Docker's manifests in them.
    let docker = sample.folder.appending(path: "layout/index.json")
    let index = try String(contentsOf: docker, encoding: .utf8)
    try index.replacingOccurrences(
      of: "application/vnd.oci.image.manifest.v1+json", with: "application/vnd.docker.distribution.manifest.v2+json"
    ).write(to: docker, atomically: true, encoding: .utf8)
    let errors = try Self.errors("oci: layout, kernel: linux-image-amd64", in: sample.folder)
    #expect(errors.count == 1 && errors[0].contains("holds an image of another format: application/vnd.docker"))

    try index.write(to: docker, atomically: true, encoding: .utf8)
    try await sample.configure(["--architecture", "arm64"])
    let arm = try Self.errors("oci: layout, kernel: linux-image-amd64", in: sample.folder)
    #expect(arm == ["spec.bad-oci: `layout` is an image for linux/arm64, and nodes are linux/amd64."])
  }
}

/// A small layout, made by the real programs.
struct OCISample {
  static let isPossible = ["/usr/bin/skopeo", "/usr/bin/umoci"].allSatisfy(FileManager.default.isExecutableFile)

  let folder: URL
  private var layout: String { folder.appending(path: "layout").path }

  init() async throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "oci-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try await umoci(["init", "--layout", layout])
    try await umoci(["new", "--image", "\(layout):latest"])
    try await insert("first")
    // Blobs that no tag leads to any more.
    try await umoci(["gc", "--layout", layout])
  }

  func remove() { try? FileManager.default.removeItem(at: folder) }

  /// Adds a layer with one file.
  func insert(_ name: String) async throws {
    let file = folder.appending(path: name)
    try "\(name)\n".write(to: file, atomically: true, encoding: .utf8)
    try await umoci(["insert", "--image", "\(layout):latest", file.path, "/etc/\(name)"])
  }

  /// Another image beside the first.
  func tag(_ name: String) async throws {
    try await umoci(["tag", "--image", "\(layout):latest", name])
    try await umoci(["config", "--image", "\(layout):\(name)", "--config.user", "1000"])
  }

  func configure(_ options: [String]) async throws {
    try await umoci(["config", "--image", "\(layout):latest"] + options)
  }

  func archive(_ name: String) async throws {
    try await skopeo(["copy", "oci:\(layout):latest", "oci-archive:\(folder.appending(path: name).path)"])
  }

  private func umoci(_ arguments: [String]) async throws {
    try await Command.checked("umoci", arguments, next: "See what umoci says.")
  }

  private func skopeo(_ arguments: [String]) async throws {
    try await Command.checked(
      "skopeo", ["--insecure-policy"] + arguments, environment: ["TMPDIR": folder.path], next: "See what skopeo says.")
  }
}

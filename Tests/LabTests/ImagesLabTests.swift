// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import Testing

@testable import Lab

/// Images as a site asks for them, built for real on one head.
@Suite(.serialized, .timeLimit(.minutes(15)), .enabled(if: geteuid() == 0, "labs need root: run `sudo make test`"))
struct ImagesLabTests {
  private static func spec(_ repository: String) -> String {
    """
    version: 1
    cluster: alps
    domain: alps.example.org
    networks:
      public: { cidr: 198.51.100.0/24, gateway: 198.51.100.1, dns: [198.51.100.1] }
      private: { cidr: 10.1.0.0/16, serves: [dhcp, dns, boot] }
      bmc: { cidr: 10.3.0.0/16 }
    repositories:
      proxy: http://198.51.100.1:3142
      extra:
        - { uri: "\(repository)", suite: vendor, key: keys/vendor.asc, images: [gpu], heads: true }
    heads:
      head1:
        nics:
          eth0: { network: private, address: 10.1.0.1, mac: 52:54:00:01:00:01 }
          eth1: { network: public, address: 198.51.100.11, mac: 52:54:00:02:00:01 }
        bmc: { address: 10.3.0.1, protocol: ipmi, user: admin, password: secret:bmc/head1 }
    images:
      gpu: { release: debian/bookworm, kernel: linux-image-amd64, install: [tarn-driver], keep: [docs] }
    nodes:
      - names: gpu1
        image: gpu
        state: out
        nics: { eth0: { network: private, address: 10.1.1.1, mac: 52:54:00:11:00:01 } }
        bmc: { address: 10.3.1.1, protocol: ipmi, user: admin, password: secret:bmc/nodes }
    packages: { driver: {} }
    access:
      ssh: { user: root }

    """
  }

  /// A vendor's package lands on the head and in the image, by the vendor's key and no other.
  @Test func aVendorsRepositoryReachesHeadsAndImages() async throws {
    let vendor = try await VendorRepository.make()
    let set = FileManager.default.temporaryDirectory.appending(path: "packages-\(UUID())")
    try FileManager.default.createDirectory(at: set.appending(path: "driver"), withIntermediateDirectories: true)
    try "summary: A driver.\nheads: { packages: [tarn-driver] }\n".write(
      to: set.appending(path: "driver/set.yaml"), atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: set) }
    do {
      try await use(vendor, sets: set)
    } catch {
      try await vendor.end()
      throw error
    }
    try await vendor.end()
  }

  private func use(_ vendor: VendorRepository, sets: URL) async throws {
    let site = try await UserSite.make(
      spec: Self.spec(vendor.address), beside: ["keys": vendor.keys, "packages": sets])
    do {
      let plan = try await site.cluster(["plan", "--full", "--lab"])
      #expect(plan.text.contains("repository \(vendor.address) vendor main, signed by "), "\(plan.text)")
      let began = ContinuousClock.now
      let apply = try await site.cluster(["apply", "--lab", "--yes"])
      print("apply took \(ContinuousClock.now - began)")
      try #require(apply.status == 0, "\(apply.errorText)")
      #expect(try await site.onHead("head1", ["cat", "/usr/share/tarn-driver/version"]).text == "1.2-1\n")
      try await imageHasIt(site)
      try await anotherBuild(site)
      #expect(try await site.cluster(["plan", "--lab", "--detailed-exitcode"]).status == 0)
    } catch {
      try await site.end()
      throw error
    }
    try await site.end()
  }

  /// The built image has the package, and the repository with its key, so that a node could install more from it.
  private func imageHasIt(_ site: UserSite) async throws {
    let images = try await site.onHead("head1", ["find", "/srv/cluster/images/gpu", "-name", "root.squashfs"]).text
    let image = images.trimmingCharacters(in: .whitespacesAndNewlines)
    func inside(_ path: String) async throws -> String {
      try await site.onHead("head1", ["unsquashfs", "-cat", image, path]).text
    }
    #expect(try await inside("usr/share/tarn-driver/version") == "1.2-1\n")
    #expect(try await inside("usr/share/doc/tarn-driver/README") == "Read me.\n", "`keep:` has the documentation")
    let manual = try await site.onHead("head1", ["unsquashfs", "-ls", image, "usr/share/man"]).text
    #expect(!manual.contains("usr/share/man/"), "nobody has asked for manual pages: \(manual)")
    let sources = try await inside("etc/apt/sources.list.d/0001cluster.sources")
    #expect(sources.contains("\nSuites: vendor\nComponents: main\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n"))
  }

  /// A second build of the same packages is compared with the first, verified, and the first one goes.
  private func anotherBuild(_ site: UserSite) async throws {
    let first = try await images(site)[0].digest
    try site.edit("keep: [docs]", "keep: [docs, gpu]")
    let began = ContinuousClock.now
    try #require(try await site.cluster(["apply", "--lab", "--yes"]).status == 0)
    print("apply of other files took \(ContinuousClock.now - began)")
    let second = try #require(try await images(site).first { $0.described }?.digest)

    let difference = try await site.cluster(["image", "diff", first, second, "--lab"])
    let lines = difference.text.split(separator: "\n")
    #expect(lines.count == 5 && lines[1] == "Packages" && lines[2] == "  the same", "\(difference.text)")
    #expect(lines.last?.hasPrefix("  + /usr/lib/modules/") == true && lines.last?.hasSuffix("/drivers/gpu") == true)

    try #require(try await site.cluster(["image", "verify", "--lab"]).status == 0)
    let kernel = "/srv/cluster/images/gpu/\(first)/vmlinuz"
    _ = try await site.onHead("head1", ["truncate", "--size=-1", kernel])
    let wrong = try await site.cluster(["image", "verify", "--lab"])
    #expect(wrong.status == 7 && wrong.text.contains("not as built: vmlinuz"), "\(wrong.text)")

    #expect(try await site.cluster(["image", "gc", "--lab"]).status == 6, "there is no terminal to ask on")
    try #require(try await site.cluster(["image", "gc", "--lab", "--yes"]).status == 0)
    #expect(try await images(site).map(\.digest) == [second])
    #expect(try await site.cluster(["image", "verify", "--lab"]).status == 0)
    let shown = try await site.cluster(["image", "show", "gpu", "--lab"]).text
    #expect(shown.contains("kept") && shown.contains("docs, gpu") && shown.contains("manual pages"), "\(shown)")
  }

  private struct Images: Decodable {
    struct Image: Decodable { var digest: String, described: Bool }
    var images: [Image]
  }

  private func images(_ site: UserSite) async throws -> [Images.Image] {
    let listed = try await site.cluster(["image", "list", "--lab", "-o", "json"])
    return try JSONDecoder().decode(Images.self, from: Data(listed.stdout)).images
  }
}

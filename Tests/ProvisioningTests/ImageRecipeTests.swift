// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import TestKit
import Testing

@testable import Wings

@Suite struct ImageRecipeTests {
  private static func recipe(
    packages: [String] = ["b", "a"], mirror: String? = nil, security: String? = nil, proxy: String? = nil,
    kernel: String = "k", files: [String: TreeGoal.Entry] = [:],
    program: String = "x", asOf: String = "", snapshot: String? = nil, oci: OCIImage? = nil
  ) -> ImageRecipe {
    ImageRecipe(
      name: "compute", suite: "bookworm", oci: oci, mirror: mirror, security: security, proxy: proxy,
      asOf: ArchiveDate(asOf), snapshot: snapshot, kernel: kernel, packages: packages,
      overlays: [.init(path: "/o", files: files)], finish: [.init(path: "/f", program: .text(program))])
  }

  @Test func sameInputsSameDigest() {
    var random = SeededGenerator()
    for _ in 0..<100 {
      let packages = (0..<8).map { "package\($0)" }.shuffled(using: &random)
      let names = (0..<8).map { "etc/file\($0)" }.shuffled(using: &random)
      let files = Dictionary(uniqueKeysWithValues: names.map { ($0, TreeGoal.Entry(.text($0))) })

      let recipe = Self.recipe(packages: packages, files: files)
      let sorted = Self.recipe(
        packages: packages.sorted(), files: Dictionary(uniqueKeysWithValues: files.sorted { $0.key > $1.key }))

      #expect(recipe.digest == sorted.digest)
      #expect(recipe.layerKey == sorted.layerKey)
    }
  }

  @Test func howPackagesTravelIsNotWhatTheyAre() {
    #expect(Self.recipe().digest == Self.recipe(proxy: "http://10.0.0.1:3142").digest)
  }

  @Test func everyInputCounts() {
    let text = TreeGoal.Entry(.text("1"))
    let recipes = [
      Self.recipe(), Self.recipe(packages: ["a"]), Self.recipe(kernel: "l"), Self.recipe(program: "y"),
      Self.recipe(files: ["a": text]), Self.recipe(files: ["b": text]),
      Self.recipe(files: ["a": TreeGoal.Entry(.text("2"))]),
      Self.recipe(files: ["a": TreeGoal.Entry(.text("1"), executable: true)]),
    ]

    #expect(Set(recipes.map(\.digest)).count == recipes.count)
  }

  /// What every image has is installed first, whichever packages are added: those share it.
  @Test func onePackageMoreKeepsTheBase() {
    let plain = Self.recipe(packages: ["systemd", "curl", "numactl"])
    let more = Self.recipe(packages: ["systemd", "curl", "numactl", "hwloc"])
    #expect(plain.layerKey != more.layerKey && plain.baseKey == more.baseKey && plain.baseKey != plain.layerKey)
    #expect(more.basePackages == ["curl", "systemd"] && more.addedPackages == ["hwloc", "numactl"])
    let bare = Self.recipe(packages: ["systemd", "curl"])
    #expect(bare.layerKey == bare.baseKey && bare.baseKey == plain.baseKey)
    #expect(Self.recipe(packages: ["curl"], kernel: "l").baseKey != Self.recipe(packages: ["curl"]).baseKey)
  }

  /// The manifest says what is in it; where it lies, and in which form, says nothing.
  @Test func anOCIImageCountsByItsManifest() {
    func oci(_ path: String, _ text: String) -> OCIImage {
      OCIImage(path: path, manifest: .init(digest: SHA256.hex(text), size: 1), contents: [])
    }
    let recipe = Self.recipe(oci: oci("a.oci", "1"))
    let moved = Self.recipe(oci: oci("/srv/b", "1"))
    let other = Self.recipe(oci: oci("a.oci", "2"))
    #expect(recipe.digest == moved.digest && recipe.baseKey == moved.baseKey && recipe.layerKey == moved.layerKey)
    #expect(Set([recipe, other, Self.recipe()].map(\.digest)).count == 3)
    #expect(Set([recipe, other, Self.recipe()].map(\.layerKey)).count == 3)
    #expect(EnsureImage(Self.recipe()).carried == nil)
    #expect(
      EnsureImage(recipe).carried?.unless.contains("/var/cache/cluster/layers/\(recipe.layerKey).tar.zst") == true)
  }

  @Test func changedFilesKeepThePackages() {
    let changed = Self.recipe(files: ["a": TreeGoal.Entry(.text("1"))], program: "y")

    #expect(changed.digest != Self.recipe().digest)
    #expect(changed.layerKey == Self.recipe().layerKey)
    #expect(Self.recipe(kernel: "l").layerKey != Self.recipe().layerKey)
  }

  /// A new date gives new packages, and an image without one keeps the digest that it had.
  @Test func theDateCountsForImageAndPackages() throws {
    let recipes = [
      Self.recipe(), Self.recipe(asOf: "2026-11-27"), Self.recipe(asOf: "2026-11-28"),
      Self.recipe(asOf: "2026-11-28", snapshot: "http://s"), Self.recipe(asOf: "2026-11-27", snapshot: "http://s"),
    ]
    #expect(Set(recipes.map(\.digest)).count == 5 && Set(recipes.map(\.layerKey)).count == 5)
    #expect(Self.recipe(snapshot: "http://s").digest == Self.recipe().digest)
    #expect(Self.recipe().digest == "1604b94401e35d31")
    #expect(recipes[2].asOf(try #require(ArchiveDate("2026-11-27"))) == recipes[1])
    var secret = try #require(recipes.last)
    secret.secretPaths = ["/etc/munge/munge.key"]
    #expect(secret.asOf(try #require(ArchiveDate("2026-11-28"))).secretPaths == secret.secretPaths)
    #expect(
      recipes[3].sources == [
        "deb [check-valid-until=no] http://s/debian/20261128T000000Z bookworm main non-free-firmware",
        "deb [check-valid-until=no] http://s/debian/20261128T000000Z bookworm-updates main non-free-firmware",
        "deb [check-valid-until=no] http://s/debian-security/20261128T000000Z bookworm-security main non-free-firmware",
      ])
  }

  /// Whatever mirror is described, for heads and for images.
  @Test(arguments: [nil, "http://mirror.example.org/debian"]) func securityUpdatesAreNeverLeftOut(_ mirror: String?) {
    let lines = Repositories.sources(suite: "bookworm", mirror: mirror, security: nil)

    #expect(lines.contains { $0.hasPrefix("deb http") && $0.contains(" bookworm-security ") })
    #expect(lines.allSatisfy { $0.hasSuffix(" main non-free-firmware") })
    #expect(lines.count { $0.contains(mirror ?? "deb.debian.org/debian ") } == 2)
    let own = Repositories.sources(suite: "bookworm", mirror: mirror, security: "http://mirror.example.org/s")
    #expect(own[2] == "deb http://mirror.example.org/s bookworm-security main non-free-firmware")
    #expect(Self.recipe(mirror: mirror).digest != Self.recipe(mirror: mirror, security: "http://s").digest)
  }
}

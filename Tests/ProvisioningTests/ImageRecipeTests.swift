// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import TestKit
import Testing

@testable import Wings

@Suite struct ImageRecipeTests {
  private static func recipe(
    packages: [String] = ["b", "a"], mirror: String? = nil, security: String? = nil, proxy: String? = nil,
    kernel: String = "k", files: [String: TreeGoal.Entry] = [:],
    program: String = "x", asOf: String = "", snapshot: String? = nil
  ) -> ImageRecipe {
    ImageRecipe(
      name: "compute", suite: "bookworm", mirror: mirror, security: security, proxy: proxy,
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
    #expect(Self.recipe().digest == "fcfdc27288b0dc99")
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

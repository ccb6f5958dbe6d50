// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Testing
import Wings

extension SiteContract {
  static let images = [
    SiteContract(name: "an image is fetched from the other head, the same bytes, and goes where nobody runs it") {
      (site) async throws in
      let image = try site.desired(ImageKind.Desired.self)
      let recipe = image.recipe.called("contract")
      let (name, digest) = (recipe.name, recipe.digest)
      let primary = try site.primary.host.id
      let source = try #require(image.heads.first { $0.head == primary }).url
      try await site.primary.perform(EnsureImage(recipe))
      let built = try #require(try await site.primary.ask(ImageProbe(name, digest: digest)))
      #expect(built.name == name && built.digest == digest && built.bytes > 0)
      #expect(built.packages["hwloc-nox"] != nil)
      #expect(try await site.standby.ask(ImageProbe(name, digest: digest)) == nil)
      #expect(
        try await site.standby.failure(of: EnsureImageFetched(name: name, digest: "0123456789abcdef", source: source))
          == .notFound)

      try await site.standby.perform(EnsureImageFetched(name: name, digest: digest, source: source))

      #expect(try await site.standby.ask(ImageProbe(name, digest: digest)) == built)
      for head in [try site.standby, try site.primary] {
        try await head.perform(recipe.absent)
        #expect(try await head.ask(ImageProbe(name, digest: digest)) == nil)
      }
    },
    SiteContract(name: "an image is compared with what would be installed for it now") { (site) async throws in
      let recipe = try site.desired(ImageKind.Desired.self).recipe
      let probe = ImageUpdatesProbe(recipe.name, digest: recipe.digest, against: recipe)
      let absent = ImageUpdatesProbe(recipe.name, digest: "0123456789abcdef", against: recipe)
      #expect(try await site.primary.ask(absent) == nil)

      let updates = try #require(try await site.primary.ask(probe))

      // Built a moment ago: what is newer now has come out since.
      #expect(updates.newer.count < 20 && updates.added.isEmpty, "\(updates)")
      var larger = recipe
      larger.packages.append("hello")
      let more = try #require(
        try await site.primary.ask(ImageUpdatesProbe(recipe.name, digest: recipe.digest, against: larger)))
      #expect(more.added == ["hello"])
    },
    SiteContract(name: "an image that is built again is the same") { (site) async throws in
      let recipe = try site.desired(ImageKind.Desired.self).recipe.called("contract-again")
      let probe = ImageProbe(recipe.name, digest: recipe.digest)
      try await site.primary.perform(EnsureImage(recipe))
      let before = try #require(try await site.primary.ask(probe))
      try await site.primary.perform(recipe.absent)

      try await site.primary.perform(EnsureImage(recipe))

      #expect(try await site.primary.ask(probe) == before)
      try await site.primary.perform(recipe.absent)
    },
    SiteContract(name: "two builds of an image are told apart, and one that somebody has changed") {
      (site) async throws in
      let primary = try site.primary
      let old = try site.desired(ImageKind.Desired.self).recipe.called("contract-old")
      var new = old.called("contract-new")
      new.links["etc/contract"] = "/dev/null"
      for recipe in [old, new] { try await primary.perform(EnsureImage(recipe)) }
      let absent = "0123456789abcdef"
      #expect(try await primary.ask(ImageRecipeProbe(new.name, digest: new.digest)) == new)
      #expect(try await primary.ask(ImageRecipeProbe(new.name, digest: absent)) == .some(nil))

      let (from, to) = ("\(old.name)/\(old.digest)", "\(new.name)/\(new.digest)")
      let difference = try #require(try await primary.ask(ImageDifferenceProbe(from: from, to: to)))
      #expect(difference.files == [.init(path: "/etc/contract", change: .added)])
      #expect(try await primary.ask(ImageDifferenceProbe(from: from, to: from))?.files == [])
      #expect(try await primary.ask(ImageDifferenceProbe(from: from, to: "none/\(absent)")) == .some(nil))

      let bytes = ImageBytesProbe(new.name, digest: new.digest)
      let state = try #require(try await primary.ask(ImageProbe(new.name, digest: new.digest)))
      #expect(try await primary.ask(bytes) == ImageBytes(squashfs: state.squashfs))
      #expect(try await primary.ask(ImageBytesProbe(new.name, digest: absent)) == .some(nil))
      let kernel = "/srv/cluster/images/\(to)/vmlinuz"
      try await primary.perform(EnsureFile(FileGoal(path: kernel, contents: .text("another kernel\n"))))
      #expect(try await primary.ask(bytes)?.wrong == ["vmlinuz"])

      try await primary.perform(EnsureFileAbsent(path: kernel))
      for recipe in [old, new] { try await primary.perform(recipe.absent) }
    },
    SiteContract(name: "an image of packages that nobody has, or of other files than are there, is not built") {
      (site) async throws in
      var recipe = try site.desired(ImageKind.Desired.self).recipe
      recipe.name = "contract"
      recipe.digest = "0123456789abcdef"
      let overlays = recipe.overlays
      for index in recipe.overlays.indices { recipe.overlays[index].digest = "0" }
      #expect(try await site.primary.failure(of: EnsureImage(recipe)) == .conflict)

      (recipe.overlays, recipe.packages) = (overlays, recipe.packages + ["no-such-package"])
      #expect(try await site.primary.failure(of: EnsureImage(recipe)) == .packageSource)

      #expect(try await site.primary.ask(ImageProbe(recipe.name, digest: recipe.digest)) == nil)
    },
  ]
}

extension ImageRecipe {
  /// The same under another name, so that no node runs it.
  fileprivate func called(_ name: String) -> ImageRecipe {
    var recipe = self
    recipe.name = name
    return recipe
  }

  fileprivate var absent: EnsureLeftoversAbsent {
    EnsureLeftoversAbsent([.init(.init(.image, "\(name)/\(digest)"), bytes: 0)])
  }
}

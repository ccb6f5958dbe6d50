// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Testing
import Wings

/// What images do without, and `keep:`.
@Suite struct SlimImageTests {
  private static func recipe(_ keep: [ImagePart]) -> ImageRecipe {
    ImageRecipe(
      name: "compute", suite: "bookworm", mirror: nil, proxy: nil, kernel: "k", packages: ["a"], overlays: [],
      finish: [], keep: keep)
  }

  @Test func whatIsKeptIsNeitherLeftOutNorExcluded() {
    let all = SlimImage(keeping: [])
    #expect(all.leftOut == ImagePart.allCases)
    for part in ImagePart.allCases {
      let patterns = SlimImage.patterns(part)
      let image = SlimImage(keeping: [part])
      #expect(!patterns.isEmpty && Set(patterns).isSubset(of: all.excluded))
      #expect(Set(all.excluded).subtracting(image.excluded) == Set(patterns), "\(part)")
      #expect(!image.leftOut.contains(part))
    }
    #expect(
      all.unpacked.contains("/usr/share/man/*") && !SlimImage(keeping: [.man]).unpacked.contains("/usr/share/man/*"))
    // Programs of the site run locale-gen(8) while the image is built.
    #expect(!all.unpacked.contains("/usr/share/i18n/*") && all.excluded.contains("usr/share/i18n/*"))
  }

  /// Drivers are unpacked in any case, so that keeping some does not install all packages again.
  @Test func onlyPartsOfPackagesMakeOtherLayers() {
    let plain = Self.recipe([])
    #expect(plain.digest == Self.recipe([]).digest)
    #expect(Self.recipe([.gpu]).digest != plain.digest && Self.recipe([.gpu]).layerKey == plain.layerKey)
    #expect(Self.recipe([.docs]).digest != plain.digest && Self.recipe([.docs]).layerKey != plain.layerKey)
    #expect(Self.recipe([.man, .docs]) == Self.recipe([.docs, .man]), "the order of the list says nothing")
  }
}

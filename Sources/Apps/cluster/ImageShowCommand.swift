// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Reconciler
import Wings

struct ImageShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show what an image is made from, and what it does without.")

  @Argument(help: "A name, name/digest, or the beginning of a digest.") var image: String
  @OptionGroup var options: SiteOptions
  @OptionGroup var printing: OutputOptions
  @OptionGroup var simulation: SimulationOptions

  private struct Part: Encodable {
    var part: String
    var what: String
    var patterns: [String]

    init(_ part: ImagePart) {
      self.part = part.rawValue
      what = part.words
      patterns = SlimImage.patterns(part)
    }
  }

  private struct Printed: Encodable {
    var image: ImageInventory.Image
    var recipe: ImageRecipe
    /// Versions by package. Nil: no head has built it.
    var packages: [String: String]?
    var leftOut: [Part]

    private enum CodingKeys: String, CodingKey {
      case image, recipe, packages
      case leftOut = "left_out"
    }
  }

  func validate() throws { try simulation.check(options) }

  func run() async throws {
    let found = try await Failure.telling {
      try await options.reaching(simulation) { reconciler in
        let found = try await reconciler.images()
        return try await Self.printed(try found.expect(image), reconciler)
      }
    }
    switch printing.output {
    case .json: try options.print(json: found)
    case .text: options.print(Self.lines(found).joined(separator: "\n"))
    }
  }

  private static func printed(_ image: ImageInventory.Image, _ reconciler: Reconciler) async throws -> Printed {
    let published = Publications(reconciler.cluster, reconciler.specification.files)
    let recipe = ImageRecipeProbe(image.name, digest: image.digest)
    let heads = image.copies.map { HostID($0.head) }
    let sight = try await reconciler.look { _ in heads.map { Question($0, recipe) } }
    let described = published.images[image.name].flatMap { $0.digest == image.digest ? $0 : nil }
    let told = heads.lazy.compactMap { ((try? sight.answers.answer($0, recipe)) ?? nil) ?? nil }.first
    guard let recipe = described ?? told else {
      throw Failure(
        "no head tells what \(image.id) is made from", next: "Look at its copies: `cluster image verify \(image.id)`.")
    }
    return Printed(
      image: image, recipe: recipe, packages: image.packages,
      leftOut: SlimImage(keeping: recipe.keep).leftOut.map(Part.init))
  }

  private static func lines(_ found: Printed) -> [String] {
    let recipe = found.recipe
    var table = Table()
    table.add("release", recipe.suite + (recipe.asOf.map { ", as of \($0)" } ?? ""))
    if let oci = recipe.oci { table.add("base", "\(oci.path), sha256:\(oci.manifest.digest)") }
    for source in recipe.sources { table.add("from", source) }
    for source in recipe.extra { table.add("from", source.words) }
    if let proxy = recipe.proxy { table.add("proxy", proxy) }
    table.add("kernel", recipe.kernel)
    table.add("packages", recipe.packages.joined(separator: " "))
    if let packages = found.packages { table.add("installed", "\(packages.count) packages with all that they need") }
    for overlay in recipe.overlays { table.add("files", "\(overlay.path), \(overlay.digest.prefix(12))") }
    for program in recipe.finish { table.add("run", "\(program.path), \(program.digest.prefix(12))") }
    for path in recipe.secretPaths.sorted() { table.add("secret", "\(path), which nodes fetch") }
    if !recipe.keep.isEmpty { table.add("kept", recipe.keep.map(\.rawValue).joined(separator: ", ")) }
    var left = Table()
    for part in found.leftOut { left.add(part.part, part.what) }
    let none = ["  nothing that `keep:` could bring back"]
    return [found.image.id, ""] + ["Made from"] + table.lines() + ["", "On heads"] + copies(found.image)
      + ["", "Left out  `keep: [docs, …]` of the image brings a part back"]
      + (found.leftOut.isEmpty ? none : left.lines())
  }

  private static func copies(_ image: ImageInventory.Image) -> [String] {
    if image.copies.isEmpty { return ["  none: `cluster apply` builds it"] }
    var table = Table()
    for copy in image.copies {
      table.add(
        copy.head, "\(AgeText.words(copy.age)) ago", "\(copy.bytes >> 20) MiB",
        copy.squashfs.map { "sha256 \($0)" } ?? "not complete")
    }
    return table.lines()
  }
}

// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Reconciler
import Wings

struct ImageCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "image", abstract: "The images of nodes: list, show, compare, verify, remove what nobody needs.",
    discussion: """
      An image is called by its name, which means the one that is described; or by name/digest, or the beginning of a \
      digest, which `cluster image list` shows.

      \(ExitStatus.table)
      """,
    subcommands: [
      ImageListCommand.self, ImageShowCommand.self, ImageDiffCommand.self, ImageVerifyCommand.self,
      ImageCollectCommand.self,
    ])
}

extension Reconciler {
  /// The images of all heads. Heads that do not answer are named in it.
  func images() async throws -> ImageInventory {
    let published = Publications(cluster, specification.files)
    let stored = try await look { ImageInventory.questions($0) }
    let detailed = try await look { _ in ImageInventory.questions(of: stored) }
    return ImageInventory(cluster.images.compactMap { published.images[$0.name] }, stored, detailed)
  }
}

extension ImageInventory {
  /// The image that a person means.
  func expect(_ word: String) throws -> Image {
    if let image = image(word) { return image }
    throw Failure(
      "`\(word)` is not one image",
      next: images.isEmpty
        ? "No image is described, and no head has one." : "There are: \(images.map(\.id).joined(separator: ", ")).")
  }
}

struct ImageListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List images on heads: when they were built, their sizes, and which nodes boot them."
  )

  @OptionGroup var options: SiteOptions
  @OptionGroup var printing: OutputOptions
  @OptionGroup var simulation: SimulationOptions

  private struct Printed: Encodable {
    var images: [ImageInventory.Image]
    var silent: [String]
  }

  func validate() throws { try simulation.check(options) }

  func run() async throws {
    let found = try await Failure.telling { try await options.reaching(simulation) { try await $0.images() } }
    switch printing.output {
    case .json: try options.print(json: Printed(images: found.images, silent: found.silent))
    case .text: options.print(Self.lines(found).joined(separator: "\n"))
    }
  }

  static func lines(_ found: ImageInventory) -> [String] {
    var table = Table()
    for image in found.images {
      let size = image.copies.map(\.bytes).max().map { "\($0 >> 20) MiB" } ?? "not built"
      let copies = image.copies.map { "\($0.head) \(AgeText.words($0.age)) ago" }.joined(separator: ", ")
      table.add(image.id, image.isDescribed ? "described" : "older", size, copies, use(image))
    }
    let silent = found.silent.isEmpty ? [] : ["\(found.silent.joined(separator: ", ")) did not tell."]
    return ["Images"] + (found.images.isEmpty ? ["  none"] : table.lines()) + silent
  }

  private static func use(_ image: ImageInventory.Image) -> String {
    let boots = image.boots.isEmpty ? [] : ["boots \(HostlistText.fold(image.boots))"]
    let runs = image.runs.isEmpty ? [] : ["runs on \(HostlistText.fold(image.runs))"]
    return (boots + runs).joined(separator: ", ")
  }
}

struct ImageCollectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gc", abstract: "Remove images, and packages of images, that no node runs and nobody described.",
    discussion: """
      The same is done by every `cluster apply`, which keeps the two newest builds of each image for the way back. Here \
      those go too. While a head does not answer, nothing is removed.
      """)

  @Option(help: ArgumentHelp("Builds of each image that stay without being needed.", valueName: "number"))
  var keep = 0

  @OptionGroup var errand: ErrandOptions

  func validate() throws {
    if keep < 0 { throw ValidationError("--keep takes a number from 0 on.") }
    try errand.check()
  }

  func run() async throws {
    try await errand.carryOut { _, reconciler in
      CollectErrand(
        reconciler.cluster, Publications(reconciler.cluster, reconciler.specification.files), keeping: keep)
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Reconciler
import Wings

struct ImageVerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Read all copies of images on all heads, and compare them with what was built.",
    discussion: """
      Each head reads the root, the kernel, the initrd and the scripts of its copies, and compares their SHA-256 with its \
      manifest; then the copies of all heads have to be the same image. Nothing is changed.

      \(ExitStatus.table)
      """)

  @Argument(help: ArgumentHelp("Images. Default: all.", valueName: "image")) var images: [String] = []
  @OptionGroup var options: SiteOptions
  @OptionGroup var printing: OutputOptions
  @OptionGroup var simulation: SimulationOptions

  func validate() throws { try simulation.check(options) }

  func run() async throws {
    let report = try await Failure.telling {
      try await options.reaching(simulation) { reconciler in
        let found = try await reconciler.images()
        let chosen = try images.isEmpty ? found.images : images.map { try found.expect($0) }
        let sight = try await reconciler.look { _ in ImageVerification.questions(chosen) }
        return ImageVerification(chosen, sight, silent: found.silent)
      }
    }
    switch printing.output {
    case .json: try options.print(json: report)
    case .text: options.print(Self.lines(report).joined(separator: "\n"))
    }
    if !report.isWell { throw ExitStatus.checks.code }
  }

  private static func lines(_ report: ImageVerification) -> [String] {
    var table = Table()
    for copy in report.copies {
      table.add(copy.image, copy.head, copy.result.rawValue, copy.detail ?? "")
    }
    let silent = report.silent.isEmpty ? [] : ["\(report.silent.joined(separator: ", ")) did not tell."]
    let next =
      report.copies.contains { $0.result == .wrong }
      ? [
        "Remove a copy that is wrong on its head, as it is named above below /srv/cluster/images; `cluster apply` brings it back."
      ]
      : []
    return ["Copies"] + (report.copies.isEmpty ? ["  none"] : table.lines()) + silent + next
  }
}

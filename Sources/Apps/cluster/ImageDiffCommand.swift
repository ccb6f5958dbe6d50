// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Reconciler
import Wings

struct ImageDiffCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "Compare two built images: packages and their versions, and files.",
    discussion:
      "A head that has both unpacks and compares them, which takes it some seconds and three times their size.")

  @Argument(help: "A name, name/digest, or the beginning of a digest.") var old: String
  @Argument(help: "Another one.") var new: String
  @Flag(help: "Compare packages alone: nothing is unpacked, and the images may be on different heads.")
  var packages = false
  @OptionGroup var options: SiteOptions
  @OptionGroup var printing: OutputOptions
  @OptionGroup var simulation: SimulationOptions

  private struct Package: Encodable {
    var name: String
    /// Its version. Nil: the old image does not have it.
    var old: String?
    /// Its version. Nil: the new image does not have it.
    var new: String?

    var words: String {
      switch (old, new) {
      case (nil, let new?): "+ \(name) \(new)"
      case (let old?, nil): "- \(name) \(old)"
      default: "* \(name) \(old ?? "") -> \(new ?? "")"
      }
    }
  }

  private struct Printed: Encodable {
    var old: String
    var new: String
    var packages: [Package]
    /// Differences. Nil: files were not compared.
    var files: [ImageDifference.File]?
    var omitted: Int?
  }

  func validate() throws { try simulation.check(options) }

  func run() async throws {
    let found = try await Failure.telling { try await options.reaching(simulation) { try await compared($0) } }
    switch printing.output {
    case .json: try options.print(json: found)
    case .text: options.print(Self.lines(found).joined(separator: "\n"))
    }
  }

  private func compared(_ reconciler: Reconciler) async throws -> Printed {
    let found = try await reconciler.images()
    let (old, new) = (try found.expect(old), try found.expect(new))
    let (had, has) = (try Self.packages(old), try Self.packages(new))
    let names = Set(had.keys).union(has.keys).sorted()
    let changed = names.compactMap { name -> Package? in
      let (before, after) = (had[name], has[name])
      return before == after ? nil : Package(name: name, old: before, new: after)
    }
    var printed = Printed(old: old.id, new: new.id, packages: changed)
    if packages { return printed }
    let difference = try await Self.files(old, new, reconciler)
    (printed.files, printed.omitted) = (difference.files, difference.omitted)
    return printed
  }

  private static func packages(_ image: ImageInventory.Image) throws -> [String: String] {
    if let packages = image.packages { return packages }
    throw Failure("no head that answers has \(image.id)", next: "See `cluster image list`, and what is built there.")
  }

  private static func files(
    _ old: ImageInventory.Image, _ new: ImageInventory.Image, _ reconciler: Reconciler
  ) async throws -> ImageDifference {
    let having = old.copies.map(\.head).filter { head in new.copies.contains { $0.head == head } }.map { HostID($0) }
    let active = try await reconciler.look { _ in [] }.activeHead
    // A head that serves has better things to do.
    guard let head = having.first(where: { $0 != active }) ?? having.first else {
      throw Failure(
        "no head has both \(old.id) and \(new.id)", next: "Compare their packages alone: `--packages`.")
    }
    let probe = ImageDifferenceProbe(from: old.id, to: new.id)
    let sight = try await reconciler.look { _ in [Question(head, probe)] }
    do throws(Unreadable) {
      if let difference = try sight.answers.answer(head, probe) ?? nil { return difference }
    } catch { throw Failure("\(head) cannot compare them: \(error)", next: "See what it says, then ask again.") }
    throw Failure("\(head) does not have both any more", next: "Ask again.")
  }

  private static func lines(_ found: Printed) -> [String] {
    func part(_ title: String, _ lines: [String]) -> [String] {
      [title] + (lines.isEmpty ? ["  the same"] : lines.map { "  \($0)" })
    }
    let omitted = found.omitted.flatMap { $0 > 0 ? "and \($0) more" : nil }
    return ["\(found.old) -> \(found.new)", ""] + part("Packages", found.packages.map(\.words))
      + (found.files.map { part("Files", $0.map(\.words) + [omitted].compactMap { $0 }) } ?? [])
  }
}

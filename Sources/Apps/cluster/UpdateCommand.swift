// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Foundation
import HostAccess
import Reconciler
import SpecReading
import Wings

struct UpdateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "update", abstract: "Give images the packages of a later day, or show what that would change.",
    discussion: """
      Writes the date into `as_of:` of cluster.yaml and touches nothing else there; `cluster plan` then shows which images \
      are built anew, and which nodes restart into them. With --check nothing is written: a head compares what each image \
      has with what the archive has now.
      """)

  @Argument(help: ArgumentHelp("Images, by their names. Default: all.", valueName: "image"))
  var images: [String] = []

  @Option(help: ArgumentHelp("The day. Default: today, as UTC has it.", valueName: "date"))
  var to: String?

  @Flag(help: "Write nothing: show how many packages are newer. Needs a head that has the image, and the network.")
  var check = false

  @OptionGroup var options: SiteOptions
  @OptionGroup var printing: OutputOptions
  @OptionGroup var simulation: SimulationOptions

  func validate() throws {
    try simulation.check(options)
    if let to, ArchiveDate(to) == nil { throw ValidationError("--to takes a day of the calendar, such as 2026-11-28.") }
    if !check, printing.output == .json { throw ValidationError("-o json is for --check.") }
    if !check, options.lab || options.simulate {
      throw ValidationError("Without --check no machine is asked: leave --lab and --simulate out.")
    }
  }

  func run() async throws {
    try await Failure.telling {
      let today = try Self.today()
      let date = to.flatMap { ArchiveDate($0) } ?? today
      guard date <= today else {
        throw Failure("\(date) is not over yet: it is \(today) by UTC", next: "Name a day that has begun.")
      }
      if check { return try await show(date) }
      try write(date)
    }
  }

  private static func today() throws -> ArchiveDate {
    guard let today = ArchiveDate(unix: Int(Date().timeIntervalSince1970)) else {
      throw Failure("this machine's clock shows no day of our time", next: "Set the clock: timedatectl(1).")
    }
    return today
  }

  // MARK: Writing

  private func write(_ date: ArchiveDate) throws {
    let before = try options.specification()
    let written: [UInt8]
    do throws(DateEditing.Refusal) {
      written = try DateEditing.write(
        date, into: images, of: before.bytes, file: options.location.lastPathComponent, keys: WingCatalog.keys,
        tables: before.files.texts)
    } catch { throw Failure(error.what, next: error.next) }
    guard written != before.bytes else {
      return Terminal.print("Nothing to write: \(options.file) says \(date) already.")
    }
    try options.write(written)
    for image in before.cluster?.images ?? [] where images.isEmpty || images.contains(image.name) {
      Terminal.print("\(image.name): as of \(image.asOf.map { "\($0) -> " } ?? "")\(date)")
    }
    Terminal.print("Next: review it with `cluster plan`, then commit it.")
  }

  // MARK: Looking

  private struct Row: Encodable {
    var image: String
    var digest: String
    var asOf: String?
    var newer: [ImageUpdates.Package]
    var added: [String]
    var words: String

    private enum CodingKeys: String, CodingKey {
      case image, digest, newer, added, words
      case asOf = "as_of"
    }
  }

  private struct Printed: Encodable { var images: [Row] }

  private func show(_ date: ArchiveDate) async throws {
    let rows = try await options.reaching(simulation) { reconciler in
      let cluster = reconciler.cluster
      if let unknown = images.first(where: { name in !cluster.images.contains { $0.name == name } }) {
        throw Failure(
          "there is no image \(unknown) in \(options.file)",
          next: "Described are: \(cluster.images.map(\.name).joined(separator: ", ")).")
      }
      return try await UpdateReport.rows(
        cluster.images.map(\.name).filter { images.isEmpty || images.contains($0) }, date, reconciler)
    }
    switch printing.output {
    case .json: try options.print(json: Printed(images: rows.map(Self.row)))
    case .text: options.print(Self.text(rows, now: Int(Date().timeIntervalSince1970)))
    }
  }

  private static func row(_ row: UpdateReport) -> Row {
    Row(
      image: row.recipe.name, digest: row.recipe.digest, asOf: row.recipe.asOf?.description, newer: row.updates.newer,
      added: row.updates.added, words: row.updates.words)
  }

  /// A line for each image, and one for each security update.
  private static func text(_ rows: [UpdateReport], now: Int) -> String {
    var table = Table()
    for row in rows {
      let day = row.recipe.asOf.map { "as of \($0), \(StatusText.age($0.unix, now)) ago" } ?? "no date"
      table.add("\(row.recipe.name)/\(row.recipe.digest)", day, row.updates.words)
      for package in row.updates.newer where package.isSecurity {
        table.add("", package.name, "\(package.from) -> \(package.to)  security")
      }
    }
    return (["Images"] + table.lines()).joined(separator: "\n")
  }
}

/// An image and what is newer than it.
struct UpdateReport: Sendable {
  var recipe: ImageRecipe
  var updates: ImageUpdates

  /// Asks one head that has the image, the active one first.
  static func rows(_ images: [String], _ date: ArchiveDate, _ reconciler: Reconciler) async throws -> [UpdateReport] {
    let published = Publications(reconciler.cluster, reconciler.specification.files)
    let recipes = images.compactMap { published.images[$0] }
    let heads = reconciler.cluster.heads.map(\.name)
    let seen = try await reconciler.look { _ in
      heads.flatMap { head in recipes.map { Question(head, ImageProbe($0.name, digest: $0.digest)) } }
    }
    var rows: [UpdateReport] = []
    for recipe in recipes {
      let present = ImageProbe(recipe.name, digest: recipe.digest)
      let holders = heads.filter { head in ((try? seen.answers.answer(head, present)) ?? nil) != nil }
      guard let head = holders.first(where: { $0 == seen.activeHead }) ?? holders.first else {
        throw Failure(
          "no head that answers has image \(recipe.name)/\(recipe.digest)",
          next: "Build it with `cluster apply`, then ask again.")
      }
      let probe = ImageUpdatesProbe(recipe.name, digest: recipe.digest, against: recipe.asOf(date))
      let told = try await reconciler.look { _ in [Question(head, probe)] }
      let answer: ImageUpdates?
      do throws(Unreadable) {
        answer = try told.answers.answer(head, probe) ?? nil
      } catch { throw Failure("\(head) cannot tell: \(error)", next: "See what it says, then ask again.") }
      guard let answer else {
        throw Failure("\(head) has no image \(recipe.name)/\(recipe.digest) any more", next: "Ask again.")
      }
      rows.append(UpdateReport(recipe: recipe, updates: answer))
    }
    return rows
  }
}

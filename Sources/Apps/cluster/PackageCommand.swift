// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import BuiltInSets
import ClusterModel
import Foundation
import SpecReading
import Templates
import Wings

struct PackageCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "package", abstract: "The package sets beside the description: list, show, begin, test, fetch.",
    subcommands: [
      PackageListCommand.self, PackageShowCommand.self, PackageNewCommand.self, PackageTestCommand.self,
      PackageFetchCommand.self,
    ])
}

struct PackageListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "The sets that come with the program and those in packages/, and which of them are on.")

  @OptionGroup var options: SiteOptions

  func run() async throws {
    try await Failure.telling {
      let specification = try options.specification()
      let sets = specification.cluster?.sets ?? []
      let folder = options.location.deletingLastPathComponent().appending(path: "packages")
      let names = Set(sets.map(\.name)).union(try Self.names(in: folder)).union(BuiltInSets.all.keys).sorted()
      let width = names.map(\.count).max() ?? 0
      for name in names {
        let set = sets.first { $0.name == name }
        let padded = name.padding(toLength: width, withPad: " ", startingAt: 0)
        let summary = try set?.summary ?? Self.summary(name, in: folder)
        Terminal.print("\(padded)  \(set == nil ? "off" : "on ")  \(summary)")
      }
    }
  }

  /// The purpose of a set that is off: the site's own, or one that comes with the program.
  private static func summary(_ name: String, in folder: URL) throws -> String {
    let file = folder.appending(path: "\(name)/set.yaml")
    let bytes =
      FileManager.default.fileExists(atPath: file.path)
      ? Array(try Data(contentsOf: file))
      : Array((BuiltInSets.all[name]?.first { $0.path == "set.yaml" }?.text ?? "").utf8)
    return SpecReader.summary(ofSet: bytes) ?? "packages/\(name)/set.yaml has mistakes: turn it on to see them"
  }

  private static func names(in folder: URL) throws -> [String] {
    let files = FileManager.default
    guard files.fileExists(atPath: folder.path) else { return [] }
    return try files.contentsOfDirectory(atPath: folder.path).filter {
      files.fileExists(atPath: folder.appending(path: "\($0)/set.yaml").path)
    }
  }
}

struct PackageShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "A set that is on: its settings with their values, and what machines get.")

  @OptionGroup var options: SiteOptions

  @Argument(help: "The name of the set.")
  var name: String

  func run() async throws {
    try await Failure.telling {
      let (set, _) = try options.packageSet(name)
      var lines = [set.name, "  \(set.summary)"]
      if !set.settings.isEmpty {
        lines += ["", "Settings"]
        for setting in set.settings {
          let whose = setting.isGiven ? "" : "  (default)"
          lines += ["  \(setting.name): \(setting.value.shown)\(whose)", "      \(setting.doc)"]
        }
      }
      for (machines, side) in [("Heads", set.heads), ("Nodes", set.nodes)] where side != PackageSet.Side() {
        lines += ["", machines]
        lines += side.packages.map { "  package \($0)" } + side.files.map { "  file    \($0.path)" }
        lines += side.units.map { "  unit    \($0)" }
      }
      if !set.checks.isEmpty { lines += ["", "Checks"] + Self.checks(set) }
      Terminal.print(lines.joined(separator: "\n"))
    }
  }

  private static func checks(_ set: PackageSet) -> [String] {
    var table = Table()
    for check in set.checks {
      table.add(
        check.id.name, check.kind.rawValue, "\(check.account.rawValue) on \(check.place.rawValue)", check.summary)
    }
    return table.lines()
  }
}

struct PackageNewCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "new", abstract: "Begin a set: packages/NAME with a description, a template, and a page.")

  @OptionGroup var options: SiteOptions

  @Argument(help: "The name of the set: lower-case letters, digits and hyphens.")
  var name: String

  func run() async throws {
    try await Failure.telling {
      guard let skeleton = SetSkeleton(name) else {
        throw Failure(
          "`\(name)` is not the name of a package set", next: "Use lower-case letters, digits and inner hyphens.")
      }
      let place = options.location.deletingLastPathComponent()
      let folder = place.appending(path: PackageSet.folder(name))
      guard !FileManager.default.fileExists(atPath: folder.path) else {
        throw Failure("\(PackageSet.folder(name)) is there already", next: "Choose another name, or edit that one.")
      }
      for (path, text) in skeleton.files {
        let file = folder.appending(path: path)
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file, options: .withoutOverwriting)
        Terminal.print("\(PackageSet.folder(name))/\(path)")
      }
      Terminal.print("Turn it on in \(options.file): `packages: { \(name): {} }`.")
    }
  }
}

extension SiteOptions {
  /// A set that the description turns on.
  func packageSet(_ name: String) throws -> (PackageSet, Cluster) {
    guard let cluster = try specification().cluster, let set = cluster.sets.first(where: { $0.name == name }) else {
      throw Failure("no package set `\(name)` is on", next: "`cluster package list` shows those that there are.")
    }
    return (set, cluster)
  }
}

extension TemplateValue {
  /// As a description writes it.
  var shown: String {
    switch self {
    case .text(let text): text.isEmpty ? "''" : text
    case .number(let number): "\(number)"
    case .flag(let flag): "\(flag)"
    case .list(let items): "[" + items.map(\.shown).joined(separator: ", ") + "]"
    case .object(let fields): "{" + fields.keys.sorted().joined(separator: ", ") + "}"
    case .none: "nothing"
    }
  }
}

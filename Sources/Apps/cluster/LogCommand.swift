// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Auditing
import Foundation
import Reconciler

struct LogCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log", abstract: "List the recorded runs, newest first.")

  @OptionGroup var options: SiteOptions
  @OptionGroup var printing: OutputOptions

  @Flag(help: "Include every site: the real machines and all labs.")
  var all = false

  @Option(name: [.customShort("n"), .long], help: "List at most this many runs.")
  var limit = 20

  func run() async throws {
    try await Failure.telling {
      let site = all ? nil : try options.site().id
      let runs: [RunRecord]
      do {
        runs = try AuditRepository(folder: try options.recordFolder()).log(site: site, limit: limit)
      } catch let error as AuditError {
        throw Failure("\(error)", next: error.next)
      }
      switch printing.output {
      case .json: try options.print(json: runs)
      case .text: options.print(Self.text(runs))
      }
      if let site, !runs.isEmpty, !options.simulate { try await tellCopies(site) }
    }
  }

  /// Copies that lack something, by what is known here. Without a valid description the heads have no names.
  private func tellCopies(_ site: String) async throws {
    guard let cluster = try? Specification.load(options.location).cluster else { return }
    let copies = HistoryCopies(
      folder: options.location.deletingLastPathComponent().path, site: site, by: SiteOptions.caller, heads: [:])
    do {
      let standing = try await copies.standing(others: cluster.heads.map(\.name.name))
      for line in CopiesText.lines(standing.filter { !$0.isCurrent }) { Terminal.note(line) }
    } catch {
      throw Failure("\(error)", next: error.next)
    }
  }

  static func text(_ runs: [RunRecord]) -> String {
    guard !runs.isEmpty else { return "No runs are recorded yet." }
    var table = Table()
    for run in runs {
      let time = Date(timeIntervalSince1970: TimeInterval(run.at)).formatted(.iso8601)
      table.add(String(run.commit.prefix(12)), time, run.id, run.result, run.site, run.by, run.subject)
    }
    return table.lines(indent: 0).joined(separator: "\n")
  }
}

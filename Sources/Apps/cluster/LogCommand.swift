// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Auditing
import Foundation
import Reconciler

struct LogCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log", abstract: "The runs so far, newest first, from refs/heads/cluster/history.")

  @OptionGroup var options: SiteOptions
  @OptionGroup var printing: OutputOptions

  @Flag(help: "Runs of every site: the real machines and all labs.")
  var all = false

  @Option(name: [.customShort("n"), .long], help: "At most this many.")
  var limit = 20

  func run() async throws {
    try await Failure.telling {
      let site = all ? nil : try options.site().id
      let runs: [RunRecord]
      do {
        let folder = options.location.deletingLastPathComponent().path
        runs = try AuditRepository(folder: folder).log(site: site, limit: limit)
      } catch let error as AuditError {
        throw Failure("\(error)", next: error.next)
      }
      switch printing.output {
      case .json: Terminal.print(try Terminal.json(runs))
      case .text: Terminal.print(Self.text(runs))
      }
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

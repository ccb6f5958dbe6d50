// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Auditing

struct BlameCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "blame", abstract: "Which runs made a resource what it is, who asked, and where in the description.")

  @OptionGroup var record: RecordOptions

  @Argument(help: "A resource as plans name it: `file@head1:/etc/hosts`.")
  var resource: String

  func run() async throws {
    try await Failure.telling {
      let blame = try record.repository().blame(resource, site: try record.site())
      try record.print(blame) { Self.text(blame) }
    }
  }

  static func text(_ blame: Blame) -> String {
    var lines = [blame.resource + (blame.isManaged ? "" : "  (no longer managed)")]
    var table = Table()
    func add(_ what: String, _ run: RunRecord) {
      table.add(what, run.id, run.time, run.by, "spec \(run.spec.prefix(12))")
    }
    add("introduced", blame.introduced)
    add("changed", blame.changed)
    if let removed = blame.removed { add("removed", removed) }
    lines += table.lines()
    lines.append("  asked for at \(blame.source ?? "a place that the run's plan does not name")")
    for fact in blame.observed {
      lines += ["  seen since \(fact.since.id), \(fact.since.time):", "    \(fact.file)  \(fact.fact)"]
    }
    return lines.joined(separator: "\n")
  }
}

// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Auditing

struct DiffCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Compare two runs: the description, what is managed, and what was observed on the machines.")

  @OptionGroup var record: RecordOptions

  @Flag(help: "List only the files and the number of changed lines.")
  var stat = false

  @Argument(help: "The earlier run: its name or the beginning of it, a commit, or `last~2`.")
  var from = "last~1"

  @Argument(help: "The later run.")
  var to = "last"

  func run() async throws {
    try await Failure.telling {
      let repository = try record.repository()
      let site = try record.site()
      var difference = try repository.difference(
        from: try repository.find(from, site: site), to: try repository.find(to, site: site))
      if stat { for index in difference.files.indices { difference.files[index].lines = [] } }
      try record.print(difference) { Self.text(difference, stat: stat) }
    }
  }

  static func text(_ difference: RecordDifference, stat: Bool) -> String {
    var lines = ["from  \(difference.from.line)", "to    \(difference.to.line)"]
    if difference.files.isEmpty { return (lines + ["nothing differs"]).joined(separator: "\n") }
    if stat {
      var table = Table()
      for file in difference.files { table.add(file.path, "+\(file.added)", "-\(file.removed)") }
      return (lines + table.lines()).joined(separator: "\n")
    }
    for file in difference.files { lines += ["", "--- \(file.path)", "+++ \(file.path)"] + file.lines }
    return lines.joined(separator: "\n")
  }
}

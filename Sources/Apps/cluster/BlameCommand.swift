// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Auditing

struct BlameCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "blame",
    abstract: "Show which run last changed a resource or node, who started it, and the line that asks for it.",
    discussion: """
      cluster blame file@head1:/etc/hosts      one resource
      cluster blame 'file@head[1-2]:/etc/*'    several; * matches any text
      cluster blame 'node[01-20]'              nodes, or everything on a head
      """)

  @OptionGroup var record: RecordOptions

  @Argument(help: "Resources as plans name them, or machines as a hostlist.")
  var resources: String

  func run() async throws {
    try await Failure.telling {
      let blame = try record.repository().blame(resources, site: try record.site())
      try record.print(blame) { BlameText(blame).text }
    }
  }
}

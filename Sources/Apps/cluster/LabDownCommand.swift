// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import HostAccess
import Lab

struct LabDownCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "down", abstract: "Stop the lab and remove everything but its caches.")

  @OptionGroup var options: LabOptions

  @Option(help: "The id of a lab whose folder no longer exists.")
  var id: String?

  func run() async throws {
    try await Failure.telling {
      let found =
        if let id {
          try await LabSite.down(id: id, progress: Terminal.note)
        } else {
          try await LabSite.down(beside: options.file, progress: Terminal.note)
        }
      if !found { Terminal.note("no lab is up for \(id ?? options.file)") }
    }
  }
}

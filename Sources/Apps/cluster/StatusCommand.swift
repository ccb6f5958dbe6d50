// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import Reconciler

struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show the state of heads, service addresses, services and nodes, and the last run."
  )

  @OptionGroup var options: SiteOptions
  @OptionGroup var printing: OutputOptions
  @OptionGroup var simulation: SimulationOptions

  func validate() throws { try simulation.check(options) }

  func run() async throws {
    try await Failure.telling {
      let status = try await options.reaching(simulation) { try await $0.status() }
      switch printing.output {
      case .json: try options.print(json: status)
      case .text:
        options.print(StatusText.lines(status, now: Int(Date().timeIntervalSince1970)).joined(separator: "\n"))
      }
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import Reconciler

struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Heads, service addresses, services, nodes and the last run, as they are now.")

  @OptionGroup var options: SiteOptions
  @OptionGroup var printing: OutputOptions

  func run() async throws {
    try await Failure.telling {
      let reconciler = try options.reconciler()
      let status = try await reconciler.closing { () async throws(ReconcileError) in try await reconciler.status() }
      switch printing.output {
      case .json: Terminal.print(try Terminal.json(status))
      case .text:
        Terminal.print(StatusText.lines(status, now: Int(Date().timeIntervalSince1970)).joined(separator: "\n"))
      }
    }
  }
}

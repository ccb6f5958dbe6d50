// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

@main
struct ClusterCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "cluster", abstract: "Highly available clusters, as code.")
}

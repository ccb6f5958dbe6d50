// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Foundation
import HostAccess
import Lab

struct LabCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lab", abstract: "Run a lab: a copy of the described cluster on this machine.",
    subcommands: [
      LabUpCommand.self, LabDownCommand.self, LabStatusCommand.self, LabShellCommand.self, LabConsoleCommand.self,
      LabPowerCommand.self, LabCutCommand.self, LabProbeCommand.self, LabEnterCommand.self, LabMachineCommand.self,
      LabChassisCommand.self,
    ])
}

struct LabOptions: ParsableArguments {
  @Option(name: .shortAndLong, help: "The cluster's description.", completion: .file(extensions: ["yaml", "yml"]))
  var file = "cluster.yaml"

  /// The lab that was brought up from the file.
  func site() throws(AgentError) -> LabSite {
    guard let site = try LabSite.load(beside: file) else {
      throw AgentError(.notFound, "No lab is up for \(file)", next: "Bring one up with `cluster lab up`.")
    }
    return site
  }

  func machine(_ name: String) throws(AgentError) -> (LabSite, LabMachine) {
    let site = try site()
    return (site, try LabEntry.machine(name, of: site))
  }
}

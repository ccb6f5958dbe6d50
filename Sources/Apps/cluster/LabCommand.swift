// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Foundation
import HostAccess
import Lab

struct LabCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lab", abstract: "A twin of the described cluster, on this machine.",
    subcommands: [
      LabDownCommand.self, LabStatusCommand.self, LabShellCommand.self, LabConsoleCommand.self,
      LabPowerCommand.self, LabCutCommand.self, LabEnterCommand.self, LabMachineCommand.self, LabChassisCommand.self,
    ])
}

struct LabOptions: ParsableArguments {
  @Option(name: .shortAndLong, help: "The cluster's description.", completion: .file(extensions: ["yaml", "yml"]))
  var file = "cluster.yaml"

  /// The lab that was brought up from the file.
  func site() throws -> LabSite {
    try told { () throws(AgentError) in
      guard let site = try LabSite.load(beside: file) else {
        throw AgentError(.notFound, "No lab is up for \(file)", next: "Bring one up with `cluster lab up`.")
      }
      return site
    }
  }

  func machine(_ name: String) throws -> (LabSite, LabMachine) {
    let site = try site()
    return (site, try told { () throws(AgentError) in try LabEntry.machine(name, of: site) })
  }

  func told<Value>(_ body: () throws(AgentError) -> Value) throws -> Value {
    do { return try body() } catch { throw Self.failure(error) }
  }

  func told<Value>(_ body: () async throws(AgentError) -> Value) async throws -> Value {
    do { return try await body() } catch { throw Self.failure(error) }
  }

  static func failure(_ error: AgentError) -> any Error {
    Terminal.note("cluster: \(error)\n  \(error.next)")
    return ExitCode.failure
  }
}

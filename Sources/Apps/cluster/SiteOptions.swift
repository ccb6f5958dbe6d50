// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Diagnostics
import Foundation
import HostAccess
import Lab
import Reconciler

/// Which cluster a command speaks of, and how to reach it.
struct SiteOptions: ParsableArguments {
  @Option(name: .shortAndLong, help: "The cluster's description.", completion: .file(extensions: ["yaml", "yml"]))
  var file = "cluster.yaml"

  @Flag(help: "Speak to the lab that `cluster lab up` has started, not to the real machines.")
  var lab = false

  @Option(help: "The folder with the secrets that the description names.", completion: .directory)
  var secrets = "/etc/cluster/secrets"

  @Option(help: "An ssh_config(5) file to use instead of your own.", completion: .file())
  var sshConfig: String?

  var location: URL { URL(fileURLWithPath: file).standardizedFileURL }

  /// Where this run's machines are. A lab brings its own way in, keys and secrets, and nothing else.
  func site() throws -> Site {
    let agent = try Self.agent()
    guard lab else {
      return Site(
        id: "site", specification: location, sshConfiguration: sshConfig.map { URL(fileURLWithPath: $0) },
        secrets: URL(fileURLWithPath: secrets), agent: agent)
    }
    let twin = try LabOptions.parse(["--file", file]).site()
    return Site(
      id: "lab:\(twin.id)", specification: location, sshConfiguration: URL(fileURLWithPath: twin.sshConfig),
      secrets: URL(fileURLWithPath: twin.secretsDirectory), agent: agent)
  }

  /// The agent's program lies beside this one, as `make build` and the package put it.
  private static func agent() throws -> URL {
    let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    return program.deletingLastPathComponent().appending(path: "cluster-agent")
  }

  /// The description, with its problems told. Ends the program when it is not valid.
  func specification() throws -> Specification {
    let specification: Specification
    do { specification = try Specification.load(location) } catch {
      throw Failure("\(error)", next: "Name the description with --file, or go to the folder that holds it.")
    }
    tell(specification)
    guard specification.cluster != nil else { throw ExitCode.failure }
    return specification
  }

  func tell(_ specification: Specification) {
    guard !specification.diagnostics.isEmpty else { return }
    Terminal.note(
      DiagnosticRenderer(
        sources: [SourceText(file: location.lastPathComponent, bytes: specification.bytes)], color: Terminal.errorColour
      ).render(specification.diagnostics))
  }

  func reconciler() throws -> Reconciler {
    let site = try site()
    let specification = try specification()
    guard let cluster = specification.cluster else { throw ExitCode.failure }
    return try Reconciler.connecting(site: site, specification: specification, cluster: cluster, by: Self.caller)
  }

  /// `user@machine`, as the record names whoever asked.
  static var caller: String {
    let user = ProcessInfo.processInfo.environment["SUDO_USER"] ?? NSUserName()
    return "\(user)@\(ProcessInfo.processInfo.hostName)"
  }
}

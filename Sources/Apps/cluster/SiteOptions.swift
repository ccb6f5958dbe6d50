// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Diagnostics
import Foundation
import HostAccess
import Lab
import Planning
import Reconciler

/// Which cluster a command speaks of, and how to reach it.
struct SiteOptions: ParsableArguments {
  @Option(name: .shortAndLong, help: "The cluster's description.", completion: .file(extensions: ["yaml", "yml"]))
  var file = "cluster.yaml"

  @Flag(help: "Use the lab that `cluster lab up` started instead of the real machines.")
  var lab = false

  @Flag(help: "Use machines in memory, kept between calls, instead of real ones. Needs neither root nor a lab.")
  var simulate = false

  @Option(help: "The folder that holds the secrets named in the description.", completion: .directory)
  var secrets = "/etc/cluster/secrets"

  @Option(help: "The ssh_config(5) file to use instead of your own.", completion: .file())
  var sshConfig: String?

  func validate() throws {
    if simulate, lab { throw ValidationError("--simulate and --lab exclude each other.") }
  }

  var location: URL { URL(fileURLWithPath: file).standardizedFileURL }

  /// Where this run's machines are. A lab brings its own way in, keys and secrets, and nothing else.
  func site() throws -> Site {
    let agent = try Self.agent()
    if simulate {
      return Site(
        id: Site.simulated, specification: location, sshConfiguration: nil, secrets: URL(fileURLWithPath: secrets),
        agent: agent, state: SimulatedState(of: location).folder)
    }
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
      throw Failure("\(error)", next: "Give the description with --file, or change to its folder.")
    }
    tell(specification)
    guard specification.cluster != nil else { throw ExitCode.failure }
    return specification
  }

  /// Writes the description anew, with the owner and mode that it has.
  func write(_ bytes: [UInt8]) throws {
    let path = location.resolvingSymlinksInPath().path
    guard let entry = try FileSystem.entry(path) else {
      throw Failure("\(file) is gone", next: "Look who else works on it, then try again.")
    }
    try FileSystem.write(bytes, to: path, mode: UInt16(entry.mode), owner: .init(uid: entry.uid, gid: entry.gid))
  }

  func tell(_ specification: Specification) {
    guard !specification.diagnostics.isEmpty else { return }
    let spec = SourceText(file: location.lastPathComponent, bytes: specification.bytes)
    let beside = Set(specification.diagnostics.map(\.span.file)).compactMap { path in
      specification.files.files[path].map { SourceText(file: path, bytes: $0.contents.bytes) }
    }
    Terminal.note(
      DiagnosticRenderer(sources: [spec] + beside, color: Terminal.errorColour).render(specification.diagnostics))
  }

  /// Opens the ways to the machines, real ones or in memory, and closes them however the body ends.
  ///
  /// - Parameter changes: what is done to machines in memory is kept.
  /// - Parameter pace: how fast it is done there: see `PaceOptions`.
  func reaching<Value: Sendable>(
    _ simulation: SimulationOptions, changes: Bool = false, pace: Double? = nil,
    _ body: (Reconciler) async throws -> Value
  ) async throws -> Value {
    let site = try site()
    let specification = try specification()
    guard let cluster = specification.cluster else { throw ExitCode.failure }
    guard simulate else {
      let reconciler = try Reconciler.connecting(
        site: site, specification: specification, cluster: cluster, by: Self.caller)
      return try await reconciler.closing { () async throws(ReconcileError) -> Result<Value, any Error> in
        do { return .success(try await body(reconciler)) } catch { return .failure(error) }
      }.get()
    }
    let session = try await simulation.session(site, specification, cluster, changes: changes, pace: pace)
    let result: Result<Value, any Error>
    do { result = .success(try await body(session.reconciler)) } catch { result = .failure(error) }
    try await session.machines.end()
    return try result.get()
  }

  /// The folder whose repository has the record of runs.
  func recordFolder() throws -> String {
    guard simulate else { return location.deletingLastPathComponent().path }
    let state = SimulatedState(of: location)
    guard FileManager.default.fileExists(atPath: state.record.path) else {
      throw Failure("nothing has been simulated for \(file) yet", next: "cluster apply --simulate --file \(file)")
    }
    return state.record.path
  }

  /// `user@machine`, as the record names the person who started a run.
  static var caller: String {
    let user = ProcessInfo.processInfo.environment["SUDO_USER"] ?? NSUserName()
    return "\(user)@\(ProcessInfo.processInfo.hostName)"
  }
}

/// How a command that reads prints what it found.
struct OutputOptions: ParsableArguments {
  enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

  @Option(name: .shortAndLong, help: "The format of standard output.")
  var output: Format = .text
}

/// Results on standard output, which say at their beginning and end when they are of machines in memory.
extension SiteOptions {
  func print(_ text: String) {
    Terminal.print(
      simulate ? [PlanReview.simulatedLine, "", text, "", PlanReview.simulatedLine].joined(separator: "\n") : text)
  }

  func print(json value: some Encodable) throws {
    Terminal.print(simulate ? try Terminal.json(Simulated(value)) : try Terminal.json(value))
  }

  func print(json values: [some Encodable]) throws {
    Terminal.print(simulate ? try Terminal.json(values.map { Simulated($0) }) : try Terminal.json(values))
  }

  /// On standard error, where what is told is not the result.
  func noteSimulated() { if simulate { Terminal.note(PlanReview.simulatedLine) } }
}

/// An object with one more key: `"simulated": true`.
struct Simulated<Value: Encodable>: Encodable {
  private let value: Value

  init(_ value: Value) { self.value = value }

  private enum CodingKeys: CodingKey { case simulated }

  func encode(to encoder: any Encoder) throws {
    try value.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(true, forKey: .simulated)
  }
}

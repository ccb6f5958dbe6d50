// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import TestKit
import Testing

@testable import Lab

/// A folder with the example in a git repository, its lab, and the programs that `make build` left in `bin`.
struct UserSite {
  struct Status: Decodable {
    struct Head: Decodable { var name: String, online: Bool, role: String }
    struct Condition: Decodable { var name: String, ok: Bool, detail: String }
    struct HighAvailability: Decodable { var armed: Bool, conditions: [Condition] }
    struct Address: Decodable { var network: String, address: String, holder: String? }
    struct Service: Decodable { var name: String, head: String?, state: String }
    struct Node: Decodable { var name: String, state: String, image: String? }
    struct LastRun: Decodable { var id: String, result: String, commit: String }

    var heads: [Head]
    var ha: HighAvailability
    var addresses: [Address]
    var services: [Service]
    var nodes: [Node]
    var lastRun: LastRun?
  }

  struct Step: Decodable { var id: String, host: String, operation: String }
  private struct Plan: Decodable { var steps: [Step] }

  let folder: String
  let program: String
  let lab: LabSite

  /// - Parameters:
  ///   - spec: the description; nil is the example's.
  ///   - beside: files that the description names, by their names beside it.
  ///   - options: for `lab up`.
  static func make(
    spec: String? = nil, beside: [String: URL] = [:], lab options: [String] = []
  ) async throws -> UserSite {
    let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
    let program = repository.appending(path: "bin/cluster").path
    try #require(FileManager.default.isExecutableFile(atPath: program), "\(program) is not built: run `make build`")
    let folder = try TestLab.makeFolder(example: true)
    if let spec { try spec.write(toFile: "\(folder)/cluster.yaml", atomically: true, encoding: .utf8) }
    for (name, place) in beside {
      try FileManager.default.copyItem(atPath: place.path, toPath: "\(folder)/\(name)")
    }
    for arguments in [["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "The site"]] {
      let identity = ["-c", "user.name=admin", "-c", "user.email=admin@example.org"]
      try await Command.checked("git", ["-C", folder] + identity + arguments, next: "See what git says.")
    }
    let up = try await Command.run(
      program, ["lab", "up", "--file", "\(folder)/cluster.yaml"] + options, deadline: .seconds(900))
    try #require(up.succeeded, "\(up.errorText)")
    let lab = try #require(try LabSite.load(beside: "\(folder)/cluster.yaml"))
    return UserSite(folder: folder, program: program, lab: lab)
  }

  func end() async throws {
    let down = try await cluster(["lab", "down"])
    #expect(down.status == 0, "\(down.errorText)")
    #expect(try await TestLab.leftovers(of: lab.id) == [])
    try FileManager.default.removeItem(atPath: folder)
  }

  func cluster(_ arguments: [String]) async throws -> CommandResult {
    try await Command.run(
      program, arguments + ["--file", "\(folder)/cluster.yaml"], environment: ["NO_COLOR": "1"],
      deadline: .seconds(1500))
  }

  /// Starts a command without waiting for its end.
  func start(_ arguments: [String]) throws -> RunningProgram {
    try RunningProgram(program, arguments + ["--file", "\(folder)/cluster.yaml"])
  }

  func status() async throws -> Status {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(
      Status.self, from: Data(try await cluster(["status", "--lab", "--output", "json"]).stdout))
  }

  func plan() async throws -> [Step] {
    try JSONDecoder().decode(Plan.self, from: Data(try await cluster(["plan", "--lab", "--output", "json"]).stdout))
      .steps
  }

  func git(_ arguments: [String]) async throws -> String {
    try await Command.checked("git", ["-C", folder] + arguments, next: "See what git says.").text
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  func onHead(_ head: String, _ command: [String]) async throws -> CommandResult {
    let quoted = command.map { "'" + $0 + "'" }.joined(separator: " ")
    return try await Command.checked("ssh", ["-F", lab.sshConfig, head, quoted], next: "See what ssh says.")
  }

  /// Whether the service address serves a path, seen from the lab's own namespace: outside of every machine.
  func fetch(_ path: String) async throws -> Bool {
    let argv = lab.inside(["curl", "--silent", "--fail", "--max-time", "1", "http://10.1.0.10\(path)"])
    return try await Command.run(argv[0], Array(argv.dropFirst())).succeeded
  }

  func edit(_ old: String, _ new: String) throws {
    let path = "\(folder)/cluster.yaml"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try #require(text.contains(old))
    try text.replacingOccurrences(of: old, with: new).write(toFile: path, atomically: true, encoding: .utf8)
  }

  /// Kills an apply with SIGKILL as soon as it has begun its first step.
  func killApply() async throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = ["apply", "--lab", "--yes", "--file", "\(folder)/cluster.yaml"]
    let errors = Pipe()
    process.standardError = errors
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    var said = ""
    while !said.contains("  ok  ") {
      let more = errors.fileHandleForReading.availableData
      if more.isEmpty { break }
      said += String(decoding: more, as: UTF8.self)
    }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    #expect(process.terminationReason == .uncaughtSignal)
  }

  typealias Part = (name: String, run: (UserSite) async throws -> Void)

  /// Goes through the parts of a test one after the other on a site of their own, and takes it away.
  static func go(through parts: [Part], of test: String, spec: String) async throws {
    let site = try await make(spec: spec)
    do {
      let began = ContinuousClock.now
      for part in parts {
        try await part.run(site)
        print("\(test): \(part.name) at \(ContinuousClock.now - began)")
      }
    } catch {
      try await site.end()
      throw error
    }
    try await site.end()
  }

  /// Waits for a condition that the cluster comes to by itself.
  func eventually(
    _ what: String, within limit: Duration = .seconds(180), _ condition: () async throws -> Bool
  ) async throws {
    let deadline = ContinuousClock.now + limit
    while ContinuousClock.now < deadline {
      if try await condition() { return }
      try await Task.sleep(for: .milliseconds(200))
    }
    Issue.record("not within \(limit.components.seconds) s: \(what)")
  }
}

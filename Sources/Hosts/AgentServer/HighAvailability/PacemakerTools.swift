// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import FoundationEssentials
import Glibc
import HostAccess
import Pacemaker
import XML

/// Pacemaker's own programs, which ask and change the whole cluster from any of its members.
enum PacemakerTools {
  /// The daemons take their time after a start before they answer.
  private static let patience = Duration.seconds(10)

  static func cib() async throws(AgentError) -> String {
    try await answering("cibadmin", ["--query"])
  }

  static func status() async throws(AgentError) -> String {
    try await answering("crm_mon", ["--one-shot", "--inactive", "--output-as=xml"])
  }

  static func parsedCIB() async throws(AgentError) -> CIBDocument {
    let text = try await cib()
    return try reading("Pacemaker's CIB") { () throws(XMLError) in try CIBDocument(parsing: text) }
  }

  static func parsedStatus() async throws(AgentError) -> ClusterStatus {
    let text = try await status()
    return try reading("Pacemaker's status") { () throws(XMLError) in try ClusterStatus(parsing: text) }
  }

  /// Refuses a CIB that Pacemaker would not run with.
  static func verify(_ path: String) async throws(AgentError) {
    try await Command.checked(
      "crm_verify", ["--verbose", "--xml-file", path],
      next: "The configuration made from `ha:` is not one that Pacemaker accepts: report it together with the spec.")
  }

  /// The patch from one CIB to another; nil when they say the same.
  static func difference(from old: String, to new: String) async throws(AgentError) -> [UInt8]? {
    let result = try await Command.run("crm_diff", ["--original", old, "--new", new, "--no-version"])
    switch result.status {
    case 0: return nil
    case 1 where !result.stdout.isEmpty: return result.stdout
    default:
      throw AgentError(
        .commandFailed, "crm_diff failed", cause: result.lastLines, next: "Look at `cibadmin --query`, and try again.")
    }
  }

  /// Applies a patch; other elements may have changed in the meantime.
  static func patch(_ patch: [UInt8]) async throws(AgentError) {
    try await Command.checked(
      "cibadmin", ["--patch", "--xml-pipe"], input: patch,
      next: "Somebody may have changed the CIB at the same moment: apply again.")
  }

  /// Waits until Pacemaker has done all that it has to do.
  static func settle(within seconds: Int) async throws(AgentError) {
    let result = try await Command.run(
      "crm_resource", ["--wait", "--timeout=\(seconds)s"], deadline: .seconds(seconds + 15))
    guard result.succeeded else {
      throw AgentError(
        .deadline, "Pacemaker has not come to rest within \(seconds) s", cause: result.lastLines,
        next: "Look at `crm_mon --one-shot --failcounts` for what it waits for, and apply again.")
    }
  }

  /// Forgets a resource's failures, so that Pacemaker tries it again.
  static func cleanUp(_ resource: String) async throws(AgentError) {
    try await Command.checked(
      "crm_resource", ["--cleanup", "--resource", resource], next: "Look at `crm_mon --one-shot --failcounts`.")
  }

  private static func answering(_ program: String, _ arguments: [String]) async throws(AgentError) -> String {
    let clock = ContinuousClock()
    let deadline = clock.now + patience
    while true {
      let result = try await Command.run(program, arguments)
      if result.succeeded { return result.text }
      guard clock.now < deadline else {
        throw AgentError(
          .commandFailed, "Pacemaker does not answer", cause: "\(program): \(result.lastLines)",
          next: "Look at `journalctl --unit pacemaker`.")
      }
      try await pause(on: clock)
    }
  }

  /// Between two questions to daemons that send no word when they are ready.
  static func pause(on clock: ContinuousClock) async throws(AgentError) {
    do {
      try await clock.sleep(for: .milliseconds(250))
    } catch {
      throw AgentError(.cancelled, "Waiting for Pacemaker was stopped", next: "Run `cluster apply` again to go on.")
    }
  }

  static func reading<Value>(_ what: String, _ read: () throws(XMLError) -> Value) throws(AgentError) -> Value {
    do throws(XMLError) {
      return try read()
    } catch {
      throw AgentError(
        .invalid, "\(what) cannot be read", cause: error.description,
        next: "Look at `cibadmin --query` and `crm_mon --one-shot --output-as=xml`.")
    }
  }
}

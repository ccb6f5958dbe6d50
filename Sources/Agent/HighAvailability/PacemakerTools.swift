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
    try await answering("cibadmin", ["--query"], with: "<cib ")
  }

  static func status() async throws(AgentError) -> String {
    try await answering("crm_mon", ["--one-shot", "--inactive", "--output-as=xml"], with: "<summary>")
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
      next: "Pacemaker rejects the new configuration. An element that was added outside cluster may "
        + "refer to one that is being removed: check `cibadmin --query --scope constraints`.")
  }

  /// The patch from one CIB to another; nil when they say the same.
  static func difference(from old: String, to new: String) async throws(AgentError) -> [UInt8]? {
    let result = try await Command.run("crm_diff", ["--original", old, "--new", new, "--no-version"])
    switch result.status {
    case 0: return nil
    case 1 where !result.stdout.isEmpty: return result.stdout
    default:
      throw AgentError(
        .commandFailed, "crm_diff failed", cause: result.lastLines, next: "Check `cibadmin --query`, then try again.")
    }
  }

  /// Applies a patch; other elements may have changed in the meantime.
  static func patch(_ patch: [UInt8]) async throws(AgentError) {
    try await Command.checked(
      "cibadmin", ["--patch", "--xml-pipe"], input: patch,
      next: "Someone else may have changed the CIB at the same moment: apply again.")
  }

  /// Waits until Pacemaker has done all that it has to do. False when that takes longer.
  static func settle(within seconds: Int) async throws(AgentError) -> Bool {
    let result = try await Command.run(
      "crm_resource", ["--wait", "--timeout=\(seconds)s"], deadline: .seconds(seconds + 15))
    // CRM_EX_TIMEOUT of crm/common/results.h.
    if result.status == 124 { return false }
    guard result.succeeded else {
      throw AgentError(
        .commandFailed, "crm_resource failed", cause: result.lastLines, next: "Check `journalctl --unit pacemaker`.")
    }
    return true
  }

  /// Forgets a resource's failures, so that Pacemaker tries it again.
  static func cleanUp(_ resource: String) async throws(AgentError) {
    try await Command.checked(
      "crm_resource", ["--cleanup", "--resource", resource], next: "Check `crm_mon --one-shot --failcounts`.")
  }

  /// While the daemons start, crm_mon succeeds without saying anything about the cluster: hence the word to look for.
  private static func answering(
    _ program: String, _ arguments: [String], with word: String
  ) async throws(AgentError) -> String {
    var said = ""
    let answer = try await poll(until: patience, every: .milliseconds(250)) { () throws(AgentError) -> String? in
      let result = try await Command.run(program, arguments)
      said = result.lastLines
      return result.succeeded && result.text.contains(word) ? result.text : nil
    }
    guard let answer else {
      throw AgentError(
        .commandFailed, "Pacemaker does not answer", cause: "\(program): \(said)",
        next: "Check `journalctl --unit pacemaker`.")
    }
    return answer
  }

  static func reading<Value>(_ what: String, _ read: () throws(XMLError) -> Value) throws(AgentError) -> Value {
    do throws(XMLError) {
      return try read()
    } catch {
      throw AgentError(
        .invalid, "\(what) cannot be read", cause: error.description,
        next: "Check `cibadmin --query` and `crm_mon --one-shot --output-as=xml`.")
    }
  }
}

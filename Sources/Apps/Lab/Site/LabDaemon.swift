// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

/// A long-lived program of the lab itself: proxy, relay, BMC. It runs in the lab's control group, where `down` finds
/// it.
struct LabDaemon {
  var site: LabSite
  var name: String

  private var record: String { "\(site.stateDirectory)/daemons/\(name).json" }
  var log: String { "\(site.stateDirectory)/daemons/\(name).log" }

  var process: LabProcess? { LabFiles.readJSON(LabProcess.self, from: record) }
  var isAlive: Bool { process?.isAlive ?? false }

  func start(_ argv: [String]) throws(AgentError) {
    try ControlGroup(site.daemonsGroup).create()
    let process = try Daemon.start(site.enter(site.daemonsGroup, argv), log: log)
    try LabFiles.writeJSON(process, to: record)
  }

  /// - Parameter signal: not SIGKILL for nginx, whose workers would outlive their master.
  func stop(_ signal: Int32 = SIGTERM) async throws(AgentError) {
    guard let process, process.isAlive else { return }
    kill(process.pid, signal)
    try await Poll.until(.seconds(5), "\(name) has ended") { !process.isAlive }
  }

  func ended(_ what: String) -> AgentError {
    let lines = (LabFiles.text(log) ?? "").split(separator: "\n").suffix(5).joined(separator: "\n")
    return AgentError(.commandFailed, "\(what) ended at once", cause: lines, next: "Read \(log).")
  }
}

extension LabSite {
  /// argv that joins a control group of the lab and then becomes `argv`.
  func enter(_ group: String, _ argv: [String]) -> [String] {
    [program, "lab", "_enter", stateDirectory, group, "--"] + argv
  }
}

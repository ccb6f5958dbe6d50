// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

/// The run that holds the lease of a head, as far as it is known from here.
package struct LeaseHolder: Hashable, Sendable {
  /// Whether its process still runs. Only that of a run of this machine is known.
  package enum Life: Hashable, Sendable { case alive, dead, unknown }

  package var token: RunToken
  package var host: HostID
  /// How long it has been at work. Nil when the host does not tell.
  package var heldSeconds: Int?
  package var secondsLeft: Int
  package var life: Life

  package init?(_ state: LeaseState, on host: HostID, life: Life) {
    guard let token = state.holder else { return nil }
    self.token = token
    self.host = host
    heldSeconds = state.heldSeconds
    secondsLeft = state.secondsLeft
    self.life = life
  }

  var error: AgentError {
    let since = heldSeconds.map { ", for \($0) s now" } ?? ""
    let known =
      switch life {
      case .alive: "; its process runs on this machine"
      case .dead: "; its process has ended"
      case .unknown: ""
      }
    return AgentError(
      .leaseHeld, "run \(token.run) of \(token.holder) is at work on \(host)\(since)\(known)",
      next:
        "Wait for it to end, or let --lock-timeout SECONDS wait. If it has died, its lease expires "
        + "in \(secondsLeft) s.")
  }
}

/// Which processes there are, as far as a run asks: its own, and whether that of an earlier run is still alive.
package struct ProcessTable: Sendable {
  /// This process. Nil where it cannot be told.
  package let current: ProcessIdentity?
  package let isRunning: @Sendable (ProcessIdentity) -> Bool

  package init(current: ProcessIdentity?, isRunning: @escaping @Sendable (ProcessIdentity) -> Bool) {
    self.current = current
    self.isRunning = isRunning
  }

  /// That of the machine this program runs on.
  package static var machine: ProcessTable { ProcessTable(current: .current) { $0.isRunning } }

  /// Whether the process of a run of this machine's journal is known to have ended.
  func hasEnded(_ run: InterruptedRun) -> Bool { run.process.map { !isRunning($0) } ?? false }

  /// Whether the process that holds a lease still runs. Known only of one on this machine, since it was booted.
  func life(of token: RunToken) -> LeaseHolder.Life {
    guard let process = token.process, let current, current.sees(process) else { return .unknown }
    return isRunning(process) ? .alive : .dead
  }
}

/// The processes of the machine this program runs on.
extension ProcessIdentity {
  /// Reads the identity of a process. Nil where proc(5) cannot be read.
  package init?(pid: Int32) {
    guard let boot = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8),
      let stat = ProcessStat(running: { try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) })
    else { return nil }
    self.init(
      pid: pid, startedAt: stat.startedAt, boot: boot.trimmingCharacters(in: .whitespacesAndNewlines),
      namespace: try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid"))
  }

  package static var current: ProcessIdentity? { ProcessIdentity(pid: getpid()) }

  /// Whether this very process still runs.
  package var isRunning: Bool {
    guard let now = ProcessIdentity(pid: pid) else { return false }
    return now.startedAt == startedAt && now.boot == boot
  }
}

// SPDX-License-Identifier: Apache-2.0
import HostAccess

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

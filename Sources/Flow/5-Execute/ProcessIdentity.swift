// SPDX-License-Identifier: Apache-2.0
import Foundation

/// One process of one boot of one machine: a pid alone is used again.
package struct ProcessIdentity: Hashable, Codable, Sendable {
  package var pid: Int32
  /// Clock ticks between boot and the process's start: proc_pid_stat(5), field 22.
  package var startedAt: UInt64
  /// `/proc/sys/kernel/random/boot_id`.
  package var boot: String

  package init(pid: Int32, startedAt: UInt64, boot: String) {
    self.pid = pid
    self.startedAt = startedAt
    self.boot = boot
  }

  /// Nil where proc(5) cannot be read.
  package init?(pid: Int32) {
    guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
      let boot = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8),
      // The second field is the program's name in parentheses and may hold anything.
      let name = stat.lastIndex(of: ")")
    else { return nil }
    let fields = stat[stat.index(after: name)...].split(separator: " ")
    // A zombie has ended already and only waits to be reaped.
    guard fields.count > 19, fields[0] != "Z", let startedAt = UInt64(fields[19]) else { return nil }
    self.init(pid: pid, startedAt: startedAt, boot: boot.trimmingCharacters(in: .whitespacesAndNewlines))
  }

  package static var current: ProcessIdentity? { ProcessIdentity(pid: getpid()) }

  /// Whether this very process still runs.
  package var isRunning: Bool { ProcessIdentity(pid: pid) == self }
}

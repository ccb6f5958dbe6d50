// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess

/// The processes of the machine this program runs on.
extension ProcessIdentity {
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
    self.init(
      pid: pid, startedAt: startedAt, boot: boot.trimmingCharacters(in: .whitespacesAndNewlines),
      namespace: try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid"))
  }

  package static var current: ProcessIdentity? { ProcessIdentity(pid: getpid()) }

  /// Whether this very process still runs.
  package var isRunning: Bool {
    guard let now = ProcessIdentity(pid: pid) else { return false }
    return now.startedAt == startedAt && now.boot == boot
  }
}

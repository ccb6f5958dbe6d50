// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A process that cannot be mistaken for a later one with the same number.
struct ProcessIdentity: Hashable, Codable, Sendable {
  var pid: pid_t
  /// Clock ticks since boot, field 22 of proc_pid_stat(5).
  var started: UInt64

  init(pid: pid_t, started: UInt64) {
    self.pid = pid
    self.started = started
  }

  /// The identity, or nil where there is no such process or it only waits to be reaped.
  init?(running pid: pid_t) {
    guard let stat = Files.text("/proc/\(pid)/stat"), let name = stat.lastIndex(of: ")") else { return nil }
    // After the name, which may hold spaces: state is field 3, the number of threads field 20, the start time field 22.
    let fields = stat[stat.index(after: name)...].split(separator: " ")
    guard fields.count > 19, let threads = Int(fields[17]), let started = UInt64(fields[19]) else { return nil }
    // While one thread of several runs exec, the first looks like a zombie until the other takes its place.
    let hasEnded = ["Z", "X"].contains(fields[0]) && threads < 2
    guard !hasEnded else { return nil }
    self.init(pid: pid, started: started)
  }

  var isAlive: Bool { ProcessIdentity(running: pid) == self }
}

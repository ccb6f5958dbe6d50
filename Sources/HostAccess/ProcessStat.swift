// SPDX-License-Identifier: Apache-2.0

/// The part of a line of proc_pid_stat(5) that tells whether a process runs, and whether it is still the same one.
package struct ProcessStat: Sendable {
  /// The state, field 3: `R`, `S`, `T`, `Z` …
  package let state: Character
  /// The number of threads, field 20.
  package let threads: Int
  /// Clock ticks between boot and the process's start: field 22.
  package let startedAt: UInt64

  /// Reads a line. Nil: it is of another form.
  package init?(_ line: String) {
    // The second field is the program's name in parentheses and may hold anything.
    guard let name = line.lastIndex(of: ")") else { return nil }
    let fields = line[line.index(after: name)...].split(separator: " ")
    guard fields.count > 19, let state = fields[0].first, let threads = Int(fields[17]),
      let startedAt = UInt64(fields[19])
    else { return nil }
    (self.state, self.threads, self.startedAt) = (state, threads, startedAt)
  }

  /// The process whose line of proc_pid_stat(5) is read. Nil: there is none, or it has ended and waits to be reaped.
  ///
  /// A process is not ended while it has threads, though its first one be a zombie. Its state and the number of its
  /// threads are not taken at one moment: where a later thread runs execve(2), the first one's end may be read with the
  /// count after it has been replaced. The next reading is of the thread that took its place.
  package init?(running read: () -> String?) {
    for _ in 0..<2 {
      guard let stat = read().flatMap(ProcessStat.init) else { return nil }
      if !stat.looksEnded {
        self = stat
        return
      }
    }
    return nil
  }

  private var looksEnded: Bool { ["Z", "X"].contains(state) && threads < 2 }
}

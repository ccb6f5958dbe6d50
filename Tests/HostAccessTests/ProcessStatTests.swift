// SPDX-License-Identifier: Apache-2.0
import HostAccess
import Testing

/// Whether a process runs, from lines of proc_pid_stat(5) as they were read of real ones.
@Suite struct ProcessStatTests {
  private let running = line("S", threads: 1)

  @Test func aProcessThatRunsHasNotEnded() {
    #expect(read([running])?.startedAt == 4_570_736)
  }

  @Test func aProcessThatWaitsToBeReapedHasEnded() {
    #expect(read([Self.line("Z", threads: 1), Self.line("Z", threads: 1)]) == nil)
    #expect(read([Self.line("X", threads: 0), nil]) == nil)
  }

  @Test func aProcessWhoseFirstThreadHasEndedRuns() {
    #expect(read([Self.line("Z", threads: 2)])?.threads == 2)
  }

  /// One in about 1,500 readings of a program that always replaces itself from its second thread is of this form.
  @Test func aProcessThatAThreadReplacesRuns() {
    #expect(read([Self.line("Z", threads: 1), running])?.state == "S")
    #expect(read([Self.line("X", threads: 0), running])?.state == "S")
  }

  @Test func aProcessThatIsNotThereDoesNotRun() {
    #expect(read([nil]) == nil)
  }

  private func read(_ lines: [String?]) -> ProcessStat? {
    var left = lines[...]
    return ProcessStat(running: { left.popFirst() ?? nil })
  }

  private static func line(_ state: String, threads: Int) -> String {
    "14783 (a) b) \(state) 1 14783 14783 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 \(threads) 0 4570736 0 0"
  }
}

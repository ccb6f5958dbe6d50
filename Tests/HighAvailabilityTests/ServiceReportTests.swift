// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Testing

@testable import Wings

@Suite("What services say of themselves")
struct ServiceReportTests {
  private func read(_ text: String) -> ServiceReport? { ServiceReport(Array(text.utf8)) }

  @Test("a report")
  func reads() {
    let whole = "format 1\npid 77\nstate degraded\ndetail it waits (timeout)\npackage 1.2\np50_us 7\n"
    #expect(read(whole) == ServiceReport(state: .degraded, detail: "it waits (timeout)", process: 77))
    #expect(read("format 1\nstate ok\ndetail well\n") == ServiceReport(state: .ok, detail: "well"))
  }

  @Test(
    "what is no report",
    arguments: [
      "", "well\n", "format 2\nstate ok\ndetail well\n", "format 1\nstate fine\ndetail well\n",
      "format 1\nstate ok\n", "format 1\nstate ok\ndetail \n", "format 1\nstate ok\ndetail well",
      "format 1\nstate ok\nstate off\ndetail well\n", "format 1\npid 0\nstate ok\ndetail well\n",
      "format 1\npid -1\nstate ok\ndetail well\n", "format 1\npid me\nstate ok\ndetail well\n",
      "format 1\nstate ok\ndetail \u{1b}[2Jwell\n", "format 1\nstate ok\ndetail wéll\n",
      "format 1\nstate ok\ndetail \(String(repeating: "x", count: 161))\n",
      "format 1\nstate ok\ndetail well\nrest \(String(repeating: "x", count: 1024))\n",
    ])
  func refuses(_ text: String) { #expect(read(text) == nil) }

  private func told(_ answer: (AnyProbe, AnyAnswer)?) -> StatusReport.Condition {
    let host = answer.map { Inventory.Host.knowing($0) } ?? .unreachable(AgentError(.unreachable, "m", next: "n"))
    let answers = Answers(Inventory(hosts: ["head1": host], observedAt: 0), uninstalled: [])
    return HighAvailabilityStatus.report("/run/r", on: "head1", answers)
  }

  private func told(_ report: ServiceReport, isCurrent: Bool = true) -> StatusReport.Condition {
    told(ServiceReportProbe("/run/r").answered(ServiceReportState(report, isCurrent: isCurrent)))
  }

  @Test("status has its words, and says what it does not say")
  func status() {
    let well = told(ServiceReport(state: .ok, detail: "p99 8 ms"))
    #expect(well.ok && well.detail == "p99 8 ms")
    let off = told(ServiceReport(state: .off, detail: "untested"))
    #expect(!off.ok && off.detail == "untested")
    #expect(!told(ServiceReport(state: .ok, detail: "well"), isCurrent: false).ok)
    let forged = told(ServiceReport(state: .ok, detail: "\u{1b}[2J"))
    #expect(!forged.ok && !forged.detail.contains("\u{1b}"))
    let none = told(ServiceReportProbe("/run/r").answered(nil))
    #expect(!none.ok && none.detail.contains("there is no /run/r"))
    let unknown = told(nil as (AnyProbe, AnyAnswer)?)
    #expect(!unknown.ok && unknown.detail.contains("not known"))
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Testing
import Wings

/// The steps that are left of an order, by what the heads have noted: a table, without a run.
@Suite struct CheckPlanTests {
  private static let table = """
    a: heads
    b: each node; needs a
    c: heads; needs b
    d: each node; needs c
    """

  private static let silent = AgentError(.unreachable, "head2 is silent", next: "Switch it on.")

  /// - Parameter noted: results by head: `a head1 passed`.
  private func sight(
    _ noted: [HostID: [String]], silent: Bool = false
  ) throws -> (ErrandSight, CheckErrand) {
    let cluster = try CheckedSets(table: Self.table).cluster
    var hosts: [HostID: Inventory.Host] = [:]
    for head in ["head1", "head2"] as [HostID] {
      let notes = (noted[head] ?? []).map { line in
        let words = line.split(separator: " ").map(String.init)
        let machines = words[1] == "nodes" ? cluster.nodes.map(\.name) : [HostID(words[1])]
        return CheckNote(
          check: CheckID("a", words[0]),
          results: machines.map { CheckResult(machine: $0, status: .init(rawValue: words[2]) ?? .unknown) })
      }
      hosts[head] = .knowing(CheckNotesProbe("t").answered(notes))
    }
    if silent { hosts["head2"] = .unreachable(Self.silent) }
    return (
      ErrandSight(cluster: cluster, inventory: Inventory(hosts: hosts, observedAt: 0), activeHead: "head1"),
      CheckErrand(CheckSelection(), token: "t")
    )
  }

  private func steps(_ noted: [HostID: [String]] = [:], silent: Bool = false) throws -> [String] {
    let (sight, errand) = try sight(noted, silent: silent)
    let plan = try errand.plan(sight)
    return plan.steps.map { step in
      let after = step.draft.after.map { "\($0.host.map(\.name) ?? ""):\($0.name)" }
      return "\(step.resource.name)@\(step.draft.host)"
        + (after.isEmpty ? "" : " after \(after.joined(separator: " "))")
    } + plan.blocked.map { "blocked \($0.resource.name)@\($0.resource.host?.name ?? "")" }
  }

  @Test func headsWaitForWhatOtherHeadsRun() throws {
    #expect(
      try steps() == [
        "a/a@head1", "a/a@head2", "a/b@head1 after head2:a/a", "a/c@head1 after head2:a/a",
        "a/c@head2 after head1:a/b", "a/d@head1 after head2:a/a head2:a/c",
      ])
  }

  @Test func whatIsNotedIsNotLeft() throws {
    #expect(
      try steps(["head1": ["a head1 passed", "b nodes passed"], "head2": ["a head2 passed"]]) == [
        "a/c@head1", "a/c@head2", "a/d@head1 after head2:a/c",
      ])
    #expect(
      try steps(["head2": ["a head1 passed", "b nodes passed", "a head2 passed"]]).contains { $0.contains("a/b@") }
        == false, "another head was active when it was run")
  }

  @Test func afterAFailureNothingIsLeftOfWhatNeedsIt() throws {
    #expect(try steps(["head1": ["a head1 passed"], "head2": ["a head2 failed"]]) == [])
    #expect(try steps(["head1": ["a head1 passed"], "head2": ["a head2 unknown"]]) == [])
    let head1 = ["a head1 failed", "b nodes skipped", "c head1 skipped"]
    #expect(try steps(["head1": head1, "head2": ["a head2 passed"]]) == [])
  }

  @Test func aSilentHeadIsUnknownAndBlocksWhatNeedsIt() throws {
    #expect(
      try steps(silent: true) == [
        "a/a@head1", "blocked a/a@head2", "blocked a/b@head1", "blocked a/c@head1", "blocked a/c@head2",
        "blocked a/d@head1",
      ])
    let (sight, errand) = try sight(["head1": ["a head1 passed"]], silent: true)
    let report = try errand.report(sight)
    #expect(report.count(.passed) == 1 && report.count(.failed) == 0 && !report.hasPassed)
    let row = try #require(report.rows.first { $0.status == .unknown })
    #expect(row.detail == "head2 would run it, and does not tell: head2 is silent")
    #expect(
      report.rows.first { $0.check == "a/b" }?.detail == "needs a/a, which could not be run on head2")
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Testing
import Wings

extension Contract {
  private static func check(
    _ name: String, _ host: ContractHost, _ words: [String], needs: [CheckID] = [], script: CheckScript? = nil,
    account: SetCheck.Account = .root, expected: CheckExpectation = CheckExpectation()
  ) -> EnsureChecked {
    EnsureChecked(
      CheckGoal(
        check: CheckID("contract", name), token: host.run.run,
        parts: [CheckGoal.Part(machine: host.host.id, words: words)], script: script, account: account,
        expected: expected, needs: needs))
  }

  static let checks = [
    Contract(name: "a check is run once for a run, and its results are noted") { (host) async throws in
      #expect(try await host.ask(CheckNotesProbe(host.run.run)) == [])
      let range = CheckExpectation.Range(minimum: 2, maximum: 4)
      try await host.perform(
        check("good", host, ["echo", "up 3"], expected: CheckExpectation(output: "^up", number: range)))
      let bad = check("bad", host, ["false"])
      #expect(await host.failure(of: bad) == .checkFailed)
      #expect(await host.failure(of: bad) == .checkFailed, "it is not run again")
      let needing = check("needing", host, ["echo"], needs: [CheckID("contract", "good"), bad.goal.check])
      #expect(await host.failure(of: needing) == .checkFailed)

      let notes = try await host.ask(CheckNotesProbe(host.run.run))

      #expect(notes.map(\.check.name).sorted() == ["bad", "good", "needing"])
      func result(_ name: String) -> CheckResult? { notes.first { $0.check.name == name }?.results.first }
      #expect(result("good")?.status == .passed && result("bad")?.status == .failed)
      #expect(result("bad")?.detail == "status 1, expected 0")
      #expect(result("needing")?.status == .skipped)
      #expect(result("needing")?.detail == "needs contract/bad, which failed on \(host.host.id)")
    }
  ]
}

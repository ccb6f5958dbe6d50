// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import TestKit
import Testing

@testable import Lab

/// How runs end, with the real program against a real head: two at once, stopped, killed.
@Suite(.serialized, .timeLimit(.minutes(15)), .enabled(if: geteuid() == 0, "labs need root: run `sudo make test`"))
struct RunTests {
  @Test func runsEndAsTheirStatusSays() async throws {
    let site = try await UserSite.make(spec: SmallSite.spec)
    do {
      try await statuses(site)
      try await race(site)
      try await stopped(site)
      try await endedAtOnce(site)
      try await killedAtRandom(site)
    } catch {
      try await site.end()
      throw error
    }
    try await site.end()
  }

  /// 3 and 4 are in what follows; 1 and 64 need no lab.
  private func statuses(_ site: UserSite) async throws {
    #expect(try await site.cluster(["apply", "--lab"]).status == 6, "there is no terminal to ask on")
    #expect(try await site.cluster(["plan", "--lab", "--detailed-exitcode"]).status == 2)
    let first = try await site.cluster(["apply", "--lab", "--yes"])
    #expect(first.status == 0, "\(first.errorText)")
    #expect(try await site.cluster(["plan", "--lab", "--detailed-exitcode"]).status == 0)
  }

  /// Two at once: one acts, the other ends with 5; or waits, and finds that nothing is left to do.
  private func race(_ site: UserSite) async throws {
    for patience in [[], ["--lock-timeout", "120"]] {
      try await drift(site)
      let before = try await records(site)

      let both = try (0..<2).map { _ in try site.start(["apply", "--lab", "--yes"] + patience) }
      let statuses = [try await both[0].ended(), try await both[1].ended()]

      let said = both.map(\.text)
      #expect(statuses.sorted() == (patience.isEmpty ? [0, 5] : [0, 0]), "\(said)")
      #expect(said.contains { $0.contains("is at work on head1") }, "\(said)")
      #expect(said.count { $0.contains("networkctl") } == 1, "one of them acts: \(said)")
      #expect(try await records(site) - before == 1, "who has waited finds nothing left to do, and records nothing")
      #expect(try await site.cluster(["plan", "--lab", "--detailed-exitcode"]).status == 0)
    }
  }

  /// Ctrl-C once: what is in flight is finished and recorded, nothing else is begun.
  private func stopped(_ site: UserSite) async throws {
    try await drift(site)
    _ = try await site.onHead("head1", ["dpkg", "--remove", "iputils-arping"])
    let run = try site.start(["apply", "--lab", "--yes"])
    try await run.says("networkctl")

    run.send(SIGINT)

    #expect(try await run.ended() == 4, "\(run.text)")
    #expect(run.text.contains("no further step begins"))
    #expect(run.text.contains("link@head1:eth1/apply  eth1 has 198.51.100.11/24"), "\(run.text)")
    #expect(!run.text.contains("packages@head1:base/install:"))
    #expect(
      try await site.git(["log", "-1", "--format=%(trailers:key=Result,valueonly)", "cluster/history"]) == "cancelled")
    let next = try await site.cluster(["apply", "--lab", "--yes"])
    #expect(next.status == 0 && !next.errorText.contains("interrupted"), "\(next.errorText)")
  }

  /// Ctrl-C twice: it ends at once and says what it leaves open, which the next run takes up.
  private func endedAtOnce(_ site: UserSite) async throws {
    try await drift(site)
    let run = try site.start(["apply", "--lab", "--yes"])
    try await run.says("networkctl")

    run.send(SIGTERM)
    try await run.says("no further step begins")
    run.send(SIGINT)

    #expect(try await run.ended() == 4, "\(run.text)")
    let step = "link@head1:eth1/apply"
    #expect(run.text.contains("their result is unknown") && run.text.hasSuffix("continues.\n"), "\(run.text)")
    let next = try await site.cluster(["apply", "--lab", "--yes", "--lock-timeout", "200"])
    #expect(next.status == 0, "\(next.errorText)")
    #expect(next.errorText.contains("was interrupted") && next.errorText.contains("in flight then: \(step)"))
  }

  /// SIGKILL at random instants of a run that has work; then the next run ends with everything as described.
  ///
  /// `CLUSTER_TEST_KILLS` says how often; `TEST_SEED` repeats the instants, though not what the machine does meanwhile.
  private func killedAtRandom(_ site: UserSite) async throws {
    var random = SeededGenerator()
    let kills = ProcessInfo.processInfo.environment["CLUSTER_TEST_KILLS"].flatMap { Int($0) } ?? 5
    var interrupted = 0
    for number in 1...kills {
      try await randomDrift(site, using: &random)
      let run = try site.start(["apply", "--lab", "--yes", "--confirm-within", "10"])
      // One in five while it plans, the others while it is at work.
      if Int.random(in: 0..<5, using: &random) > 0 { try await run.says(" steps\n") }
      try await Task.sleep(for: .milliseconds(Int.random(in: 0...4000, using: &random)))
      run.send(SIGKILL)
      _ = try await run.ended()

      let next = try await site.cluster(["apply", "--lab", "--yes", "--lock-timeout", "200"])

      #expect(next.status == 0, "kill \(number): \(next.errorText)")
      #expect(try await site.cluster(["plan", "--lab", "--detailed-exitcode"]).status == 0, "kill \(number)")
      if next.errorText.contains("was interrupted") { interrupted += 1 }
    }
    print("killed \(kills) times; \(interrupted) of the next runs found a run that was interrupted")
    let results = try await site.git(["log", "--format=%(trailers:key=Result,valueonly)", "cluster/history"])
    #expect(!results.isEmpty)
  }

  /// Ten seconds' work for one step: networkd has to be told twice.
  private func drift(_ site: UserSite) async throws {
    _ = try await site.onHead("head1", ["ip", "address", "del", "198.51.100.11/24", "dev", "eth1"])
  }

  private func randomDrift(_ site: UserSite, using random: inout SeededGenerator) async throws {
    let all = [
      ["ip", "address", "del", "198.51.100.11/24", "dev", "eth1"], ["dpkg", "--remove", "iputils-arping"],
      ["sed", "-i", "2i # by hand", "/etc/hosts"], ["rm", "/etc/apt/apt.conf.d/00cluster-proxy"],
      ["rm", "/etc/systemd/network/10-cluster-eth1.network"],
    ]
    let some = all.shuffled(using: &random).prefix(Int.random(in: 1...all.count, using: &random))
    for command in some { _ = try await site.onHead("head1", command) }
  }

  private func records(_ site: UserSite) async throws -> Int {
    Int(try await site.git(["rev-list", "--count", "cluster/history"])) ?? 0
  }
}

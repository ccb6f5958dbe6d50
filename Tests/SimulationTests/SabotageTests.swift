// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Simulator
import Testing
import Wings

@testable import Simulation

/// Machines that are wrong on purpose: seeds that keep all rules must then break the one that is meant.
///
/// `WatchTests` breaks each rule by hand; this shows that what whole runs do comes to the rules at all.
@Suite struct SabotageTests {
  /// A few seeds, until one of them is caught. All of them keep the rules when nothing is sabotaged.
  private func caught(
    _ rule: Violation.Rule, watching watch: Watch = Watch(), _ sabotage: Sabotage?,
    location: Testing.SourceLocation = #_sourceLocation
  ) throws {
    var found: [Violation] = []
    for seed in 1...25 as ClosedRange<UInt64> {
      let result = try Scenario(seed: seed, watching: watch, sabotaging: sabotage).run()
      if let violation = result.violation { found.append(violation) }
      if result.violation?.rule == rule { return }
    }
    Issue.record("\(rule.rawValue) was not told in 25 seeds, but \(found)", sourceLocation: location)
  }

  @Test func aFileThatIsNotWrittenThoughTheHostSaysSo() throws {
    try caught(.converges) { operation, host, world, _ in
      guard let goal = operation.as(EnsureFile.self)?.goal else { return }
      world.machines[host]?.files[goal.path]?.bytes.append(0)
    }
  }

  @Test func somethingOfOursThatNobodyAsksFor() throws {
    try caught(.sameEnd) { operation, host, world, _ in
      guard operation.as(EnsureFile.self) != nil else { return }
      world.machines[host]?.files["/etc/left"] = .init(bytes: [1])
      world.machines[host]?.managed["/etc/left"] = .nothing
    }
  }

  @Test func aServiceAddressOnBothHeads() throws {
    try caught(.oneAddressHolder) { _, _, world, _ in
      for head in world.machines.keys {
        guard let link = world.machines[head]?.links.indices.first else { continue }
        world.machines[head]?.links[link].addresses.append("10.1.0.10/16")
      }
    }
  }

  @Test func anOperationThatTakesAnotherHeadDown() throws {
    try caught(.headsStayUp) { operation, host, world, _ in
      guard operation.as(EnsureUnit.self) != nil, let other = world.machines.keys.first(where: { $0 != host }) else {
        return
      }
      world.losePower(other)
    }
  }

  @Test func aRemovalThatTakesForeignFilesAlong() throws {
    var watch = Watch()
    watch.foreign = [.file("head1", "/etc/hosts")]
    try caught(.foreignUntouched, watching: watch) { _, _, world, _ in
      world.machines["head1"]?.files["/etc/hosts"] = nil
    }
  }

  @Test func aHostThatGivesItsLeaseToSomebodyElseMeanwhile() throws {
    let other = RunToken(run: "other", generation: 1_000_000, holder: "somebody else")
    var watch = Watch()
    // It has begun to act, somewhere.
    watch.began(AnyOperation(EnsureFileAbsent(path: "/etc/a")), on: "head9", other, FakeWorld(), FakeWorld())
    try caught(.oneExecutor, watching: watch) { _, host, world, _ in
      for head in world.machines.keys where head != host {
        var lease = FakeLease()
        try? lease.claim(other, now: world.now)
        world.machines[head]?.lease = lease
      }
    }
  }

  @Test func aHostThatTellsASecret() throws {
    try caught(.secretsStaySecret) { operation, _, _, outcome in
      guard let secret = operation.secrets.first else { return }
      outcome.detail += String(decoding: FakeWorld.password(secret), as: UTF8.self)
    }
  }

  @Test func aProcessThatOnlyLooksAndDoesMore() throws {
    var watch = Watch()
    watch.dryRuns = ["admin1"]
    try caught(.dryRunChangesNothing, watching: watch, nil)
  }

  @Test func tooManyNodesAway() throws {
    try caught(.nodesAway) { operation, host, world, _ in
      // One that is on its way counts as ready.
      guard let goal = operation.as(EnsureNode.self)?.goal else { return }
      let report = NodeReport(
        mac: goal.mac, stage: .ready, image: goal.image, verified: true, age: 0, uptime: 0, server: goal.server)
      world.machines[host]?.reports[goal.mac] = FakeMachine.Heard(report: report, at: world.now)
    }
  }

  @Test func anImageThatANodeRunsAndNoHeadHasAnyMore() throws {
    try caught(.imagesStay) { operation, _, world, _ in
      guard operation.as(EnsureUnit.self) != nil, let image = world.nodes.values.lazy.compactMap(\.image).first else {
        return
      }
      for head in world.machines.keys { world.machines[head]?.images[image] = nil }
    }
  }

  @Test func nothingIsCaughtWhereNothingIsSabotaged() throws {
    for seed in 1...25 as ClosedRange<UInt64> {
      #expect(try Scenario(seed: seed, sabotaging: { _, _, _, _ in }).run().violation == nil)
    }
  }
}

@Suite struct SecretLeakTests {
  private let secret = FakeWorld.password(SecretRef("bmc/head1"))

  @Test func everyFormIsFound() throws {
    let start = secret.prefix(14)
    let texts = [
      secret, Array("[\(secret.map(String.init).joined(separator: ","))]".utf8),
      Array(start.map { String($0, radix: 16) }.joined().utf8), Array("cGFzc3dvcmQgb2YgYm1j".utf8),
    ]
    for text in texts { #expect(SecretLeak.find(in: Array("before ".utf8) + text + [10]) != nil) }
    #expect(SecretLeak.find(in: Array("secret:bmc/head1".utf8)) == nil)
  }
}

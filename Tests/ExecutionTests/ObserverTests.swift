// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Testing
import Wings

@testable import Observation

@Suite struct ObserverTests {
  private let probe = AnyProbe(FileProbe("/a", contents: false))

  @Test func aSilentHostIsRecordedAndTheOthersAnswer() async {
    let hosts: [HostID: any ManagedHost] = [
      "head1": ScriptedHost("head1"), "head2": ScriptedHost("head2", reach: { () throws(AgentError) in throw .silent }),
    ]

    let inventory = await Observer(secrets: NoSecrets(), now: { 7 }).observe(
      ["head1": [probe], "head2": [probe], "gone": [probe]], hosts: hosts)

    #expect(inventory.hosts["head1"] == .answered([probe: AnyAnswer(FileProbe.self, .absent)]))
    #expect(inventory.hosts["head2"] == .unreachable(.silent))
    guard case .unreachable = inventory.hosts["gone"] else {
      Issue.record("a host without a way to it is not unreachable")
      return
    }
    #expect(inventory.observedAt == 7)
  }

  @Test func aGeneratedSecretThatDoesNotExistYetMatchesNoFile() async {
    let host = ScriptedHost("head1")
    host.state.withLock { $0.files["/etc/corosync/authkey"] = "old" }
    let there = AnyProbe(SecretFileProbe("/etc/corosync/authkey", .corosyncAuthkey))
    let absent = AnyProbe(SecretFileProbe("/elsewhere", .corosyncAuthkey))
    let brought = AnyProbe(SecretFileProbe("/b", SecretRef("bmc/head1")))

    let inventory = await Observer(secrets: NoSecrets(), now: { 0 }).observe(
      ["head1": [there, absent, brought]], hosts: ["head1": host])

    guard case .answered(let answers) = inventory.hosts["head1"] else {
      Issue.record("not answered")
      return
    }
    #expect(answers[there] == AnyAnswer(SecretFileProbe.self, .differs))
    #expect(answers[absent] == AnyAnswer(SecretFileProbe.self, .absent))
    guard case .failed(let error) = answers[brought] else {
      Issue.record("a missing secret was not told")
      return
    }
    #expect(error.code == .notFound)
  }

  /// Of several secrets one that nobody has brought is told, whatever else does not exist yet.
  @Test func aSecretThatNobodyBroughtIsMissingBesideOneThatIsMade() async {
    let host = ScriptedHost("head1")
    let made = AnyProbe(NodeIdentitiesProbe([.nodeIdentities, SecretRef("generated/munge")]))
    let brought = AnyProbe(NodeIdentitiesProbe([.nodeIdentities, SecretRef("keytab")]))

    let inventory = await Observer(secrets: NoSecrets(), now: { 0 }).observe(
      ["head1": [made, brought]], hosts: ["head1": host])

    guard case .answered(let answers) = inventory.hosts["head1"], case .failed(let error) = answers[brought] else {
      Issue.record("a missing secret was not told")
      return
    }
    #expect(answers[made] == AnyAnswer(NodeIdentitiesProbe.self, nil))
    #expect(error.code == .notFound && error.message.contains("secret:keytab"))
  }

  @Test func aHostThatTakesTooLongIsUnreachable() async {
    let clock = ManualClock()
    let host = SlowHost()

    let observation = Task {
      await Observer(secrets: NoSecrets(), deadline: .seconds(10), clock: clock, now: { 0 }).observe(
        ["head1": [probe]], hosts: ["head1": host])
    }
    let ticking = Task {
      while !Task.isCancelled {
        clock.advance(by: .seconds(1))
        await Task.yield()
      }
    }
    let inventory = await observation.value
    ticking.cancel()

    guard case .unreachable(let error) = inventory.hosts["head1"] else {
      Issue.record("answered")
      return
    }
    #expect(error.message.contains("did not answer within"))
  }
}

/// Never answers, until it is cancelled.
private struct SlowHost: ManagedHost {
  let id: HostID = "head1"

  func answer(_ probes: [AnyProbe], secrets: Secrets) async throws(AgentError) -> [AnyProbe: AnyAnswer] {
    await untilCancelled()
    throw AgentError(.cancelled, "cancelled", next: "Try again.")
  }

  func operations() async throws(AgentError) -> Set<String> { Set(OperationCatalog.all.names) }

  func perform(
    _ operation: AnyOperation, secrets: Secrets, run: RunToken, progress: @escaping @Sendable (String) -> Void
  ) async throws(AgentError) -> Outcome { Outcome(changed: false, detail: "") }
  func confirm(_ change: PendingChange.ID, run: RunToken) async throws(AgentError) -> Outcome {
    Outcome(changed: false, detail: "")
  }

  func lease() async throws(AgentError) -> LeaseState { LeaseState(newestGeneration: 0, holder: nil, secondsLeft: 0) }
  func claim(_ run: RunToken) async throws(AgentError) {}
  func release(_ run: RunToken) async throws(AgentError) {}
  func close() async {}
}

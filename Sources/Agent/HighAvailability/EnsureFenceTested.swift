// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc
import HostAccess
import Pacemaker
import Wings

extension EnsureFenceTested: AgentOperation {
  /// The agent is given 75 s, and a further level as much again.
  private static let untilFenced = 240
  private static let untilGone = Duration.seconds(60)
  /// From power to membership: servers check their memory first.
  private static let untilBack = Duration.seconds(900)

  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    if let test = try FenceTests.read(goal.head), test.token == goal.token {
      return Outcome(changed: false, detail: "\(goal.head) was fenced by run \(goal.token): \(test.words)")
    }
    let power = try PowerControl(goal.bmc, context.secrets)
    try await power.requireOther()
    guard try await power.status() == .on else {
      throw AgentError(
        .conflict, "\(goal.head) is off", next: "Switch it on, and test when `cluster status` says that it is online.")
    }
    let joins = try await joins()
    context.progress("having Pacemaker cut the power of \(goal.head)")
    let start = ContinuousClock.now
    let seen = try await cut(power, since: start)
    context.progress("\(goal.head) is fenced: waiting until it is back in the cluster")
    // A head that starts in a second may have left and joined anew before Pacemaker has its confirmation.
    try await wait(Self.untilGone, since: joins, "\(goal.head) is fenced, and the cluster still counts it in") {
      node, now in
      node?.online != true || now != joins
    }
    try await wait(Self.untilBack, since: joins, "\(goal.head) is fenced, and does not come back") { node, now in
      node?.online == true && node?.pending == false && now != joins
    }
    let test = FenceTest(
      token: goal.token, testedAt: Int(time(nil)), off: seen.off, on: seen.on, back: Self.milliseconds(since: start))
    try FenceTests.write(test, goal.head)
    let advice = test.advice.map { "; \($0)" } ?? ""
    return Outcome(changed: true, detail: "fenced \(goal.head): \(test.words)\(advice)")
  }

  /// Gives the order as an administrator would, and asks the BMC meanwhile.
  private func cut(
    _ power: PowerControl, since start: ContinuousClock.Instant
  ) async throws(AgentError) -> (off: Int?, on: Int) {
    let name = goal.head.name
    let order = Task { () -> Result<CommandResult, AgentError> in
      do throws(AgentError) {
        return .success(
          try await Command.run(
            "stonith_admin", ["--reboot", name, "--timeout", "\(Self.untilFenced)"],
            deadline: .seconds(Self.untilFenced + 15)))
      } catch { return .failure(error) }
    }
    let watch = Task { () -> Int? in
      while !Task.isCancelled {
        // One that does not answer for a moment tells nothing.
        if let state = try? await power.status(), state == .off { return Self.milliseconds(since: start) }
        guard (try? await ContinuousClock().sleep(for: .milliseconds(100))) != nil else { return nil }
      }
      return nil
    }
    let result = try await order.value.get()
    watch.cancel()
    let off = await watch.value
    guard result.succeeded else {
      throw AgentError(
        .commandFailed, "Pacemaker could not fence \(goal.head)", cause: result.lastLines,
        next: "Check `stonith_admin --history \(goal.head)` and `journalctl --unit pacemaker`; its power may be off.")
    }
    return (off, Self.milliseconds(since: start))
  }

  private func wait(
    _ patience: Duration, since joins: Int?, _ problem: String,
    until condition: (ClusterStatus.Node?, _ joins: Int?) -> Bool
  ) async throws(AgentError) {
    let end = ContinuousClock.now + patience
    while true {
      let status = try await PacemakerTools.parsedStatus()
      let now = try await self.joins()
      if condition(status.node(goal.head.name), now) { return }
      guard ContinuousClock.now < end else {
        let joined = now != joins && status.node(goal.head.name)?.online != true
        throw AgentError(
          .deadline, "\(problem) within \(patience.components.seconds) s",
          cause: joined ? "its Corosync has joined anew, and its Pacemaker has not" : nil,
          next: (joined ? "Read `journalctl --unit pacemaker` there." : "Look at its console.")
            + " `cluster status` says whether the services run meanwhile.")
      }
      do { try await ContinuousClock().sleep(for: .milliseconds(250)) } catch {
        throw AgentError(
          .cancelled, "Stopped while \(goal.head) is being fenced", next: "Check `cluster status`.")
      }
    }
  }

  private func joins() async throws(AgentError) -> Int? {
    let keys = try await Command.checked("corosync-cmapctl", [], next: "Check `journalctl --unit corosync`.")
    return CorosyncMap(parsing: keys.text).joins(of: goal.head.name)
  }

  private static func milliseconds(since start: ContinuousClock.Instant) -> Int {
    Int((ContinuousClock.now - start) / .milliseconds(1))
  }
}

extension FenceTestProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> FenceTest? {
    try FenceTests.read(head)
  }
}

/// The last test of each head: `/var/lib/cluster/fencing/HEAD-test.json`.
private enum FenceTests {
  private static func path(_ head: HostID) -> String { "/var/lib/cluster/fencing/\(head)-test.json" }

  static func read(_ head: HostID) throws(AgentError) -> FenceTest? {
    try DurableJSON.read(FenceTest.self, from: path(head))
  }

  static func write(_ test: FenceTest, _ head: HostID) throws(AgentError) {
    try DurableJSON.write(test, to: path(head))
  }
}

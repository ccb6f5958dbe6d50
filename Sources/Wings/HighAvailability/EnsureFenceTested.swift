// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Has Pacemaker fence a head, once for each token, and takes the time until it is off, on, and back in the cluster.
///
/// The head that has it done notes the token with the times, so that the same order given twice is one cut.
package struct EnsureFenceTested: GoalOperation {
  package static let name = "ensureFenceTested"

  package let goal: FenceTestGoal
  package init(_ goal: FenceTestGoal) { self.goal = goal }

  package var secrets: Set<SecretRef> { Set(goal.bmc.secrets) }
  package var machine: HostID? { goal.head }
  package func claims(on host: HostID) -> [Claim] { [] }
  package var lockout: Lockout { .impossible }
  package var impact: Impact { .machine(goal.head) }
  package var isRemoval: Bool { false }
  package var expectation: Expectation? { nil }

  package var timing: OperationTiming {
    // A server's firmware takes minutes.
    OperationTiming(expectedSeconds: 240, varies: true, deadline: .seconds(1200), lane: "cib")
  }

  package var target: String { goal.head.name }
  package func title(verb: String, machines: String) -> String { "fence \(machines) to see that it works" }
  package var counting: CountingWords { CountingWords("fence", "head", "heads") }
  package var undoing: String { "what ran there is gone; the head comes back by itself." }
}

package struct FenceTestGoal: Hashable, Codable, Sendable {
  package var head: HostID
  package var bmc: BMC
  /// The name of the run that asked for it.
  package var token: String

  package init(head: HostID, bmc: BMC, token: String) {
    self.head = head
    self.bmc = bmc
    self.token = token
  }
}

/// The last test of a head's fencing that another head has carried out.
package struct FenceTest: Hashable, Codable, Sendable {
  /// The fence agent with its parameters gives up after this (`pcmk_reboot_timeout`).
  package static let patience = 75
  /// A head that was second in a duel waits for its own end so long: `Payload/fence`.
  package static let claimSeconds = 12

  package var token: String
  /// Seconds since 1970.
  package var testedAt: Int
  /// Milliseconds from the order until the BMC said off. Nil: it was on again before anybody could ask.
  package var off: Int?
  /// Milliseconds from the order until Pacemaker had its confirmation, and the BMC said on.
  package var on: Int
  /// Milliseconds from the order until the head was back in the cluster.
  package var back: Int

  package init(token: String, testedAt: Int, off: Int?, on: Int, back: Int) {
    self.token = token
    self.testedAt = testedAt
    self.off = off
    self.on = on
    self.back = back
  }

  package var words: String {
    (off.map { "off after \($0.asSeconds), " } ?? "") + "on after \(on.asSeconds), back in the cluster after "
      + back.asSeconds
  }

  /// The consequence of times that ours do not fit. Nil: they do.
  package var advice: String? {
    if on > Self.patience * 800 {
      return
        "Pacemaker waits \(Self.patience) s for the fence agent: with a BMC as slow as this it may give up half-way"
    }
    if off ?? 0 > Self.claimSeconds * 1000 {
      return "the BMC cuts later than the \(Self.claimSeconds) s that a head waits in a duel: see to its firmware"
    }
    return nil
  }
}

/// The last test of a head's fencing that was carried out from this one. Nil: none was.
package struct FenceTestProbe: Probe {
  package typealias Answer = FenceTest?

  package static let name = "fenceTest"

  package let head: HostID

  package init(_ head: HostID) { self.head = head }

  package var words: String { "test of the fencing of \(head)" }
  package var secrets: ProbeSecrets { .none }

  package func recorded(_ test: FenceTest?, _ nodes: NodeNames) -> [ObservedLines] { [] }

  package func explained(_ test: FenceTest?, _ nodes: NodeNames) -> [String] {
    [test.map { "\(head) was fenced by run \($0.token): \($0.words)" } ?? "no run has fenced \(head) from here"]
  }
}

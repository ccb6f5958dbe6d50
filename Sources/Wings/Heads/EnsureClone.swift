// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Network-boots a machine once, installs it, and waits until it runs from its disk.
package struct EnsureClone: GoalOperation {
  package static let name = "ensureClone"

  package let goal: CloneGoal
  package init(_ goal: CloneGoal) { self.goal = goal }

  package var secrets: Set<SecretRef> { [goal.bmc.password] }
  package var machine: HostID? { goal.head }
  package func claims(on host: HostID) -> [Claim] { [] }
  package var lockout: Lockout { .impossible }
  package var impact: Impact { .machine(goal.head) }
  package var isRemoval: Bool { false }

  package var timing: OperationTiming {
    // Measured: installing 33 s and the restart 50 s on a virtual machine; firmware of a real server adds minutes.
    // It knows itself how long to wait; what it does around that takes a minute at most.
    OperationTiming(expectedSeconds: 300, varies: true, deadline: .seconds(goal.deadlineSeconds + 60), lane: nil)
  }
  package var expectation: Expectation? { nil }

  package var target: String { goal.head.name }
  package func title(verb: String, machines: String) -> String { "install \(machines) over its disk" }
  package var counting: CountingWords { CountingWords("install", "head", "heads") }
  package var undoing: String { "the disk that is written over does not come back." }
}

package struct CloneGoal: Hashable, Codable, Sendable {
  package var head: HostID
  package var bmc: BMC
  package var mac: MACAddress
  /// Where the installed head must answer on TCP port 22.
  package var address: IPv4Address
  /// Where the script that installs is: there before the machine is powered on, gone before it restarts.
  package var bootScript: String
  package var installScript: String
  /// The machine's own files, by path: names, addresses.
  package var identity: [String: Content]
  package var deadlineSeconds: Int

  package init(
    head: HostID, bmc: BMC, mac: MACAddress, address: IPv4Address, bootScript: String, installScript: String,
    identity: [String: Content], deadlineSeconds: Int
  ) {
    self.head = head
    self.bmc = bmc
    self.mac = mac
    self.address = address
    self.bootScript = bootScript
    self.installScript = installScript
    self.identity = identity
    self.deadlineSeconds = deadlineSeconds
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Pacemaker
import Wings

/// All machines of a site as one value: heads, nodes, their BMCs, and the cluster that Pacemaker makes of the heads.
package struct FakeWorld: Equatable, Codable, Sendable {
  /// A machine's power switch.
  package struct Board: Hashable, Codable, Sendable {
    package enum Fault: Hashable, Codable, Sendable {
      case unreachable
      /// Says that it did what it was told, and does nothing.
      case lies
      /// Does not let our account in.
      case refuses
      /// Takes a cipher suite that nobody has.
      case refusesCipher
      /// Lets our account look, and not switch.
      case onlyTells
    }

    package var password: [UInt8]
    package var power = PowerState.off
    package var machine: HostID
    package var fault: Fault?
    /// Cipher suites that it takes.
    package var suites: Set<Int> = [3]

    package init(password: [UInt8], machine: HostID, power: PowerState = .off) {
      self.password = password
      self.machine = machine
      self.power = power
    }
  }

  package struct Node: Hashable, Codable, Sendable {
    /// `name/digest` of what it runs. Nil: it is off, or on its way up.
    package var image: String?
    /// When it was switched on, in seconds since 1970, while it is on its way up.
    package var startedAt: Int?
    /// When what it runs was up, in seconds since 1970. Nil: long ago.
    package var upSince: Int?
    /// The address of the heads that it booted from, and reports to until it boots again. Nil: that of its boot script.
    package var server: IPv4Address?
    /// It never asks for DHCP.
    package var silent = false
    /// It boots this instead of what its script says.
    package var boots: String?
    /// The tag of the identity that it has taken. Nil: none, or it does not say.
    package var identity: String?
    /// The tag of the kernel arguments that it was started with.
    package var arguments: String?
    /// The checks that came with its identity. Nil: none.
    package var checks: FakeNodeChecks?
    package var mac: MACAddress?

    package init(mac: MACAddress?) { self.mac = mac }
  }

  package var machines: [HostID: FakeMachine] = [:]
  /// Heads with an empty disk: they do not answer.
  package var uninstalled: Set<HostID> = []
  package var boards: [String: Board] = [:]
  package var nodes: [HostID: Node] = [:]
  /// Seconds from a node's power to its first report.
  package var bootSeconds = 0
  /// Whether an order to boot tells at once what would come of it: nobody is to wait in vain for machines that take no
  /// time.
  package var tellsAtOnce = true
  /// Nodes that were switched on and are not up yet, in the order in which that was.
  var starting: [HostID] = []
  /// Ends of checks that are not as expected, or whose output counts, by machine and check.
  package var checkAnswers: [HostID: [String: FakeCheckAnswer]] = [:]
  /// Machines that somebody else reports for, and what is said of each.
  package var strayReports: [MACAddress: StrayReport] = [:]
  /// Pacemaker's configuration, while it runs anywhere.
  package var cib: CIBDocument?
  /// Heads on whose disks it lies.
  var configured: Set<HostID> = []
  /// Units of the site's own, which whoever installs a head anew installs as well.
  var ownUnits: Set<String> = []
  /// Heads that have lost power for a while.
  package var down: Set<HostID> = []
  /// Heads that Pacemaker could run services on when the cluster last settled.
  var joined: Set<HostID> = []
  /// Heads whose Corosync has seen all the others since it started: `wait_for_all` of votequorum(5).
  var quorate: Set<HostID> = []
  /// Heads that ran Corosync when votes were counted last.
  var voters: [HostID] = []
  /// Seconds since 1970. Nothing in here moves it.
  package var now = 1_700_000_000
  /// Every operation that took effect, as `head1 ensureFile …`.
  package var effects: [String] = []

  package init() {}

  package func machine(_ id: HostID) throws(AgentError) -> FakeMachine {
    guard let machine = machines[id], isUp(id), !machine.faults.unreachable, !machine.isCutOff else {
      throw AgentError(
        .unreachable, "\(id) does not answer", next: "Check that \(id) is on and can be reached: `ssh \(id) true`.")
    }
    if machine.faults.isStrange {
      throw AgentError(
        .hostKey, "\(id) shows another host key than before",
        next: "If the host was reinstalled, remove the old key with `ssh-keygen -R \(id)`.")
    }
    return machine
  }

  /// A machine without a BMC is always on.
  package func isPowered(_ id: HostID) -> Bool {
    if let address = machines[id]?.board, let board = boards[address], board.machine == id { return board.power == .on }
    return boards.values.first { $0.machine == id }.map { $0.power == .on } ?? true
  }

  /// It has an operating system, and power.
  package func isUp(_ id: HostID) -> Bool { !uninstalled.contains(id) && !down.contains(id) && isPowered(id) }

  /// Counts up with each boot. Nil: it is down.
  package func boot(of id: HostID) -> Int? { isUp(id) ? machines[id]?.boots : nil }

  /// Power is lost: what ran there runs elsewhere, where there is an elsewhere.
  package mutating func losePower(_ id: HostID) {
    hear()
    down.insert(id)
    settle()
  }

  package mutating func regainPower(_ id: HostID) {
    guard down.remove(id) != nil else { return }
    machines[id]?.restart()
    settle()
  }

  /// Heads on which a unit runs.
  package func running(_ unit: String) -> [HostID] {
    machines.keys.filter { id in
      isUp(id) && machines[id]?.units[unit]?.active == "active"
    }.sorted()
  }
}

/// The answers and actions of a host, once it is known to be there.
extension FakeWorld {
  /// Each probe's answer, or that the host does not answer at all.
  package func answers(
    _ probes: [AnyProbe], on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> [AnyProbe: AnyAnswer] {
    // Looked up once: a machine is much to copy.
    let asked = AskedMachine(machine: try machine(host), id: host, world: self, secrets: secrets)
    var answers: [AnyProbe: AnyAnswer] = Dictionary(minimumCapacity: probes.count)
    for probe in probes { answers[probe] = asked.answer(probe) }
    return answers
  }
}

/// Kept as the XML that it is.
extension CIBDocument: Codable {
  package init(from decoder: any Decoder) throws {
    try self.init(parsing: decoder.singleValueContainer().decode(String.self))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(canonical)
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The machines that the heads have heard of and the description does not name, the newest first.
package struct UnnamedMachines: Sendable {
  package var machines: [UnnamedMachine]
  /// Heads that could not tell, and why.
  package var silent: [(head: HostID, error: AgentError)]

  package static func questions(_ sight: ErrandSight) -> [Question] {
    sight.cluster.heads.map { Question($0.name, UnnamedMachinesProbe()) }
  }

  package init(_ sight: ErrandSight) {
    let cluster = sight.cluster
    let named = Set(
      cluster.nodes.flatMap { $0.nics.compactMap(\.mac) } + cluster.heads.flatMap { $0.nics.compactMap(\.mac) })
    var known: [MACAddress: UnnamedMachine] = [:]
    silent = []
    for head in cluster.heads {
      do throws(Unreadable) {
        for machine in try sight.answers.answer(head.name, UnnamedMachinesProbe()) ?? []
        where !named.contains(machine.mac) {
          known[machine.mac] = known[machine.mac].map { Self.joined($0, machine) } ?? machine
        }
      } catch {
        switch error {
        case .unreachable(_, let error), .failed(_, let error): silent.append((head.name, error))
        case .unasked: continue
        }
      }
    }
    machines = known.values.sorted { ($0.lastHeard, $0.mac) < ($1.lastHeard, $1.mac) }
  }

  private static func joined(_ a: UnnamedMachine, _ b: UnnamedMachine) -> UnnamedMachine {
    var newest = a.lastHeard <= b.lastHeard ? a : b
    newest.firstHeard = max(a.firstHeard, b.firstHeard)
    return newest
  }
}

extension UnnamedMachines {
  /// The machines that nodes are to be, one for each, in the order of the nodes.
  ///
  /// - Parameter macs: whose they are, by MAC address. Nil: the only one, or all in the order in which they came.
  package func chosen(
    for names: [HostID], macs: [MACAddress]?, inOrder: Bool
  ) throws(ErrandRefusal) -> [UnnamedMachine] {
    let what = "\(HostlistText.fold(names)) \(names.count == 1 ? "is" : "are") not assigned"
    if let macs { return try named(macs, for: names, what) }
    guard machines.count == names.count else {
      let waiting = machines.count == 1 ? "1 machine is" : "\(machines.count) machines are"
      throw ErrandRefusal(
        what,
        because: "\(waiting) without a name, and "
          + (names.count == 1 ? "1 node is named" : "\(names.count) nodes are named"),
        next: machines.count < names.count
          ? "Switch them on and wait until they are listed, or name fewer nodes."
          : "Say which they are, in the order of the nodes: `--mac \(machines.map(\.mac.description)[0])`, …")
    }
    let order = machines.sorted { ($0.firstHeard, $1.mac) > ($1.firstHeard, $0.mac) }
    guard names.count > 1 else { return order }
    guard inOrder else {
      throw ErrandRefusal(
        what, because: "nobody knows which machine is which",
        next: "If they were switched on one after the other: `--in-order`. Else say it with `--mac`.")
    }
    if let tie = zip(order, order.dropFirst()).first(where: { $0.firstHeard - $1.firstHeard < 2 }) {
      throw ErrandRefusal(
        what, because: "\(tie.0.mac) and \(tie.1.mac) were first heard at the same time",
        next: "Say which they are, in the order of the nodes: `--mac \(tie.0.mac),\(tie.1.mac)`, …")
    }
    return order
  }

  private func named(
    _ macs: [MACAddress], for names: [HostID], _ what: String
  ) throws(ErrandRefusal) -> [UnnamedMachine] {
    guard macs.count == names.count, Set(macs).count == macs.count else {
      throw ErrandRefusal(
        what, because: "\(macs.count) MAC addresses are given for \(names.count) nodes, or one twice",
        next: "Give one for each node, in their order.")
    }
    var chosen: [UnnamedMachine] = []
    for mac in macs {
      guard let machine = machines.first(where: { $0.mac == mac }) else {
        throw ErrandRefusal(
          what, because: "no machine without a name has \(mac)",
          next: "See `cluster discover`. A machine that has not booted yet: `cluster node set \(names[0]) mac=\(mac)`.")
      }
      chosen.append(machine)
    }
    return chosen
  }
}

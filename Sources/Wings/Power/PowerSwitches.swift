// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The machines of the description that have a BMC, by name.
package struct PowerSwitches: Sendable {
  package struct Switch: Sendable {
    package var machine: PoweredMachine
    package var bmc: BMC
    package var name: HostID { machine.name }
  }

  package var found: [Switch] = []
  /// Names that the description does not have, and machines without a BMC.
  package var unknown: [HostID] = []
  package var withoutBMC: [HostID] = []

  package static func of(_ names: [HostID], in cluster: Cluster) -> PowerSwitches {
    let wanted = Set(names)
    var known: [HostID: (machine: PoweredMachine, bmc: BMC?)] = [:]
    for head in cluster.heads where wanted.contains(head.name) { known[head.name] = (.head(head.name), head.bmc) }
    for node in cluster.nodes where wanted.contains(node.name) {
      let mac = cluster.bootNIC(of: node)?.mac
      known[node.name] = (.node(node.name, mac: mac), node.bmc)
    }
    var switches = PowerSwitches()
    for name in names {
      guard let (machine, bmc) = known[name] else {
        switches.unknown.append(name)
        continue
      }
      if let bmc { switches.found.append(Switch(machine: machine, bmc: bmc)) } else { switches.withoutBMC.append(name) }
    }
    return switches
  }

  /// Heads and nodes with a BMC, in the order of the description.
  package static func all(in cluster: Cluster) -> [HostID] {
    cluster.heads.filter { $0.bmc != nil }.map(\.name) + cluster.nodes.filter { $0.bmc != nil }.map(\.name)
  }

  /// Why not all that was named can be switched. Nil: it can.
  var refusal: ErrandRefusal? {
    if !unknown.isEmpty {
      return ErrandRefusal(
        "\(HostlistText.fold(unknown)) cannot be switched", because: "the description has no such machine",
        next: "Name heads or nodes of the description: `node[01-10]`.")
    }
    if !withoutBMC.isEmpty {
      return ErrandRefusal(
        "\(HostlistText.fold(withoutBMC)) cannot be switched", because: "the description gives no BMC for that",
        next: "Add `bmc:`, or to nodes without one `power:`, or leave these out.")
    }
    return nil
  }
}

extension PoweredMachine {
  var isNode: Bool { if case .node = self { true } else { false } }
}

/// The power of machines, as their BMCs say.
package struct PowerReport: Sendable {
  package struct Row: Codable, Sendable {
    package var name: String
    /// `on`, `off` or `unknown`.
    package var power: String
    /// Why it is unknown.
    package var reason: String?
    /// The next thing to do about that.
    package var next: String?
  }

  package var rows: [Row]

  package static func questions(_ names: [HostID]) -> @Sendable (ErrandSight) -> [Question] {
    { sight in
      PowerSwitches.of(names, in: sight.cluster).found.map { Question(sight.activeHead, PowerProbe($0.bmc)) }
    }
  }

  /// Throws for a name that the description does not have.
  package init(_ names: [HostID], _ sight: ErrandSight) throws(ErrandRefusal) {
    let switches = PowerSwitches.of(names, in: sight.cluster)
    if let refusal = switches.refusal, !switches.unknown.isEmpty { throw refusal }
    let bmcs = Dictionary(switches.found.map { ($0.name, $0.bmc) }) { first, _ in first }
    rows = names.map { name in
      guard let bmc = bmcs[name] else {
        return Row(name: name.name, power: "unknown", reason: "it has no BMC", next: "Add `bmc:` to its description.")
      }
      do throws(Unreadable) {
        guard let state = try sight.answers.answer(sight.activeHead, PowerProbe(bmc)) else {
          throw .unasked(sight.activeHead)
        }
        return Row(name: name.name, power: state.rawValue)
      } catch {
        switch error {
        case .unreachable(_, let error), .failed(_, let error):
          return Row(name: name.name, power: "unknown", reason: "\(error)", next: error.next)
        case .unasked(let head): return Row(name: name.name, power: "unknown", reason: "\(head) was not asked")
        }
      }
    }
  }
}

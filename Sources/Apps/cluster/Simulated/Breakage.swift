// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Simulator

/// Something that is wrong with a machine in memory for the length of one call: `--break head2`.
struct Breakage: Hashable, ExpressibleByArgument {
  enum Fault: String, CaseIterable {
    /// It takes nothing more.
    case disk
    /// It has no way to its package mirror.
    case mirror
    /// A change of the address that one comes in by cuts it off.
    case way
  }

  var machine: HostID
  /// The fault. Nil means that a head is without power, or that a node stays silent.
  var fault: Fault?

  init?(argument: String) {
    let parts = argument.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard parts.count <= 2, let name = parts.first, !name.isEmpty else { return nil }
    machine = HostID(name)
    if parts.count == 2 {
      guard let fault = Fault(rawValue: parts[1]) else { return nil }
      self.fault = fault
    }
  }
}

extension FakeWorld {
  /// Brings machines that were kept into the present: faults are removed, time has gone by, machines that the
  /// description names now are there, and heads that it does not name are off.
  mutating func resume(_ cluster: Cluster, at now: Int) {
    self.now = now
    effects = []
    for id in machines.keys {
      machines[id]?.faults = .init()
      machines[id]?.way = nil
    }
    for id in nodes.keys { nodes[id]?.silent = false }
    for head in cluster.heads { regainPower(head.name) }
    unpack(cluster)
    installOwnUnits(of: cluster)
    switchOffHeads(notIn: cluster)
    undoOverdue()
  }

  mutating func suffer(_ breakages: [Breakage]) throws(Failure) {
    for breakage in breakages {
      let id = breakage.machine
      guard machines[id] != nil || (breakage.fault == nil && nodes[id] != nil) else {
        throw Failure(
          "--break: the description has no \(breakage.fault == nil ? "head or node" : "head") \(id)",
          next: "Name one of \(machines.keys.sorted().map(\.name).joined(separator: ", ")), or a node.")
      }
      switch breakage.fault {
      case nil where machines[id] == nil: nodes[id]?.silent = true
      case nil: losePower(id)
      case .disk: machines[id]?.faults.freeBytes = 0
      case .mirror: machines[id]?.faults.mirrorDown = true
      case .way:
        let way = machines[id]?.wayIn
        machines[id]?.way = way
      }
    }
  }
}

extension FakeMachine {
  /// The address on the link with the way out, or on the first one that has any.
  fileprivate var wayIn: IPv4Address? {
    let link = links.first { !$0.gateways.isEmpty && !$0.addresses.isEmpty } ?? links.first { !$0.addresses.isEmpty }
    return link?.addresses.first.flatMap { text in text.split(separator: "/").first.flatMap { IPv4Address(String($0)) }
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// Checks across the file: what each value alone cannot tell. All are made, on all that could be read.
enum SpecChecks {
  static func problems(_ cluster: Cluster) -> [Diagnostic] {
    NetworkChecks(cluster).problems + AddressChecks(cluster).problems + MachineChecks(cluster).problems
      + HighAvailabilityChecks(cluster).problems
  }
}

/// A machine's card, whatever the machine is.
struct CardOf {
  var machine: HostID
  var nic: NIC
}

extension Cluster {
  var cards: [CardOf] {
    heads.flatMap { head in head.nics.map { CardOf(machine: head.name, nic: $0) } }
      + nodes.flatMap { node in node.nics.map { CardOf(machine: node.name, nic: $0) } }
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The machines of a lab that QEMU is to emulate, and which of them it can.
struct VirtualMachines {
  var names: Set<HostID>
  var cluster: Cluster

  func check() throws(AgentError) {
    let nodes = Set(cluster.nodes.map(\.name))
    for name in names.sorted(by: { $0.name < $1.name }) where !nodes.contains(name) {
      guard let head = cluster.head(name) else {
        throw AgentError(
          .notFound, "cluster.yaml has no machine \(name)", next: "Name a node, or a head with `clone_of:`, in `--vm`.")
      }
      try check(head)
    }
  }

  private func check(_ head: Head) throws(AgentError) {
    guard let original = head.cloneOf else {
      throw AgentError(
        .invalid, "\(head.name) cannot be a virtual machine", cause: "the lab itself installs it, as a container",
        next: "Name a head with `clone_of:` in `--vm`: it is installed over the network.")
    }
    // A container's capture with a kernel is for machines that boot one.
    for other in cluster.heads where other.cloneOf != nil && !names.contains(other.name) {
      throw AgentError(
        .invalid, "\(head.name) cannot be a virtual machine beside \(other.name), which is a container",
        cause: "clones of \(original) have either a kernel of their own or none", next: "Add `--vm \(other.name)`.")
    }
    let others = head.nics.map(\.name).filter { LabMachine.Port.slot($0) == nil }
    guard others.isEmpty else {
      throw AgentError(
        .invalid, "A virtual machine has no card \(others.joined(separator: ", "))",
        cause: "the kernel names its cards by their PCI slots",
        next: "Name the cards of \(head.name) enp0s1 to enp0s30 in cluster.yaml; the lab puts each in that slot.")
    }
  }
}

extension LabSite {
  /// A head boots a kernel of its own, so the one that it is installed from has to have one.
  var hasVirtualHeads: Bool { machines.contains { $0.role == .head && $0.hardware == .vm } }
}

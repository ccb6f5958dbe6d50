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
          .notFound, "cluster.yaml has no machine \(name)", next: "Name a node or a head in `--vm`.")
      }
      try check(head)
    }
  }

  private func check(_ head: Head) throws(AgentError) {
    // A capture with a kernel is for machines that boot one.
    for other in cluster.heads where !names.contains(other.name) {
      guard let original = other.cloneOf else { continue }
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
    if let disk = cluster.ha?.state?.replica?.disks[head.name], LabMachine.serial(ofDisk: disk) == nil {
      throw AgentError(
        .invalid, "A virtual machine has no disk \(disk)", cause: "the kernel names its disks by their serial numbers",
        next: "Name it \(LabMachine.diskPrefix)state in `disks:`; the lab gives it a disk with that number.")
    }
  }
}

extension LabMachine {
  /// Where udev puts virtio's disks, by their serial numbers.
  static let diskPrefix = "/dev/disk/by-id/virtio-"

  /// The serial number that udev names a disk by: `state` for `/dev/disk/by-id/virtio-state`. Nil: another name.
  static func serial(ofDisk path: String) -> String? {
    let serial = path.dropFirst(diskPrefix.count)
    // virtio has room for 20 bytes.
    guard path.hasPrefix(diskPrefix), 1...20 ~= serial.utf8.count,
      serial.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0)) })
    else { return nil }
    return String(serial)
  }
}

extension LabSite {
  /// A head boots a kernel of its own, so plain heads have one: it is theirs, or that of their clones.
  var hasVirtualHeads: Bool { machines.contains { $0.role == .head && $0.hardware == .vm } }
}

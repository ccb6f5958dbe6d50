// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// Disks of nodes that could not be made as they are described, or of which one might be taken for another.
enum DiskChecks {
  static func run(_ context: CheckContext, _ problems: inout Problems) {
    for image in context.declaration.images {
      guard let disks = image.value?.disks else { continue }
      check(disks.value, &problems)
      let users = context.declaration.nodes.filter { $0.value.image?.value == image.name.value }
      if !users.isEmpty, users.allSatisfy({ $0.value.disks != nil }) {
        problems.error(
          .noEffect, "Every node group with this image says itself which disks it has.",
          help: "`disks:` of an image is for groups that have none. Remove it here.", at: disks.span)
      }
    }
    for group in context.declaration.nodes {
      if let disks = group.value.disks { check(disks.value, &problems) }
      let ofImage = context.declaration.images.first { $0.name.value == group.value.image?.value }?.value
      root(group.value, (group.value.disks ?? ofImage?.disks)?.value ?? [], &problems)
    }
  }

  /// The disk that nodes run from is theirs alone.
  private static func root(
    _ group: NodeGroupSection.Declaration, _ disks: [Located<DiskSection.Declaration>], _ problems: inout Problems
  ) {
    guard let device = group.root?.value.device else { return }
    warn(device, &problems)
    guard let disk = disks.lazy.compactMap(\.value.device).first(where: { $0.value == device.value }) else { return }
    problems.error(
      .badPartition, "These nodes run from this disk, all of which is theirs.",
      help: "Name another disk here, or in `disks:`.", at: device.span,
      notes: [.init(text: "It is partitioned for something else here.", span: disk.span)])
  }

  private static func warn(_ device: Located<NodeDisk.Device>, _ problems: inout Problems) {
    guard device.value.mayMove else { return }
    problems.warning(
      .diskMayMove, "The kernel may give this name to another disk at the next boot.",
      help: "A disk with anything else on it is left alone in any case. `ls -l /dev/disk/by-path` on a node "
        + "shows names that stay, and `nvme` is the only NVMe disk.", at: device.span)
  }

  private static func check(_ disks: [Located<DiskSection.Declaration>], _ problems: inout Problems) {
    var (devices, labels, mounts): ([NodeDisk.Device: SourceSpan], [String: SourceSpan], [String: SourceSpan]) =
      ([:], [:], [:])
    for disk in disks.map(\.value) {
      if let device = disk.device {
        single(device, &devices, "This disk is described above.", &problems)
        warn(device, &problems)
      }
      for (index, partition) in disk.partitions.enumerated() {
        let value = partition.value
        if let label = value.label {
          single(label, &labels, "Another partition of these nodes has this name.", &problems)
        }
        if let mount = value.mount {
          single(mount, &mounts, "Another partition is mounted there.", &problems)
        }
        if !value.hasSize, index < disk.partitions.count - 1 {
          problems.error(
            .badPartition, "Only the last partition can have what is left of the disk.",
            help: "Give this one a size: `size: 64GiB`.", at: partition.span)
        }
        use(partition, &problems)
      }
    }
  }

  private static func single<Value: Hashable>(
    _ value: Located<Value>, _ seen: inout [Value: SourceSpan], _ detail: String, _ problems: inout Problems
  ) {
    guard let first = seen.updateValue(value.span, forKey: value.value) else { return }
    problems.error(
      .badPartition, detail, help: "Give each its own.", at: value.span,
      notes: [.init(text: "The first one is here.", span: first)])
  }

  private static func use(_ partition: Located<PartitionSection.Declaration>, _ problems: inout Problems) {
    let value = partition.value
    guard let format = value.format?.value else { return }
    guard format == .swap else {
      guard let mount = value.mount else {
        if value.hasMount { return }
        problems.error(
          .badPartition, "It is said nowhere where this file system is mounted.", help: "Add `mount: /scratch`.",
          at: value.format?.span ?? partition.span)
        return
      }
      if isOfTheSystem(mount.value) {
        problems.error(
          .badPartition, "A disk over `\(shown(mount.value))` would hide what nodes run from.",
          help: "Mount it at a path of its own, such as `/scratch` or `/var/lib/containers`.", at: mount.span)
      }
      return
    }
    for span in [value.mount?.span, value.options?.span, value.permissions?.span].compactMap(\.self) {
      problems.error(
        .badPartition, "Swap is not mounted anywhere.", help: "Remove the key, or write ext4 or xfs as its format.",
        at: span)
    }
  }

  /// Places that a node needs as its image has them, or as the kernel shows them.
  private static func isOfTheSystem(_ path: String) -> Bool {
    let trees = [
      "/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/proc", "/root", "/run", "/sbin", "/sys", "/usr",
      "/var/lib/cluster", "/var/lib/dpkg",
    ]
    return ["/var", "/var/lib"].contains(path) || trees.contains { path == $0 || path.hasPrefix($0 + "/") }
  }
}

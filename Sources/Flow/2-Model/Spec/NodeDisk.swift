// SPDX-License-Identifier: Apache-2.0

/// A disk of a node that is partitioned, and whose file systems are mounted, when the node boots.
package struct NodeDisk: Hashable, Sendable {
  /// The rule by which a node finds the disk. Nothing is written where it fits none, or several.
  package enum Device: Hashable, Sendable {
    /// A path, or what the disk says of itself.
    case rule(DiskRule)
    /// The only NVMe disk of the machine.
    case onlyNVMe

    /// Reads the text of a description. Nil: it is no rule.
    package init?(_ text: String) {
      if text == "nvme" {
        self = .onlyNVMe
        return
      }
      switch DiskRule(text) {
      case .path(let path)?: self = .rule(.path(path))
      case .model(let model)?: self = .rule(.model(model))
      case .serial(let serial)?: self = .rule(.serial(serial))
      // Which of several disks is the smallest changes with the next one that is plugged in.
      case .smallest?, .largest?, .only?, nil: return nil
      }
    }

    /// One word, percent-encoded.
    package var argument: String {
      switch self {
      case .rule(let rule): rule.argument
      case .onlyNVMe: "nvme"
      }
    }

    package var words: String {
      switch self {
      case .rule(let rule): rule.words
      case .onlyNVMe: "the only NVMe disk"
      }
    }

    /// Whether the kernel gives the name by the order in which it finds disks: `/dev/sda` may be another one tomorrow.
    package var mayMove: Bool {
      guard case .rule(.path(let path)) = self else { return false }
      return ["/dev/sd", "/dev/vd", "/dev/nvme", "/dev/mmcblk"].contains { path.hasPrefix($0) }
    }
  }

  /// The permission to destroy what is on the disk.
  package enum Wipe: String, Hashable, CaseIterable, Sendable {
    case never
    /// Whatever else is on it gives way to what is described, which is then kept.
    case once
    /// The described file systems are made anew at each boot. What somebody else made stays.
    case eachBoot = "each boot"

    /// As the node's own program reads it.
    package var word: String { self == .eachBoot ? "each-boot" : rawValue }
  }

  package enum Format: String, Hashable, CaseIterable, Sendable {
    case ext4, xfs, swap

    /// The packages that make and mend it.
    package var packages: [String] { self == .xfs ? ["xfsprogs"] : [] }
  }

  package struct Partition: Hashable, Sendable {
    /// Its name in the partition table, and its file system's.
    package var label: String
    /// Its size. Nil: what is left of the disk.
    package var mebibytes: Int?
    package var format: Format
    /// The place of its file system. Nil: swap.
    package var mount: String?
    package var options: String
    /// The owner and mode of the file system's top folder.
    package var permission: ClientImage.Permission

    package init(
      label: String, mebibytes: Int?, format: Format, mount: String?, options: String = NodeDisk.options,
      permission: ClientImage.Permission = NodeDisk.permission
    ) {
      self.label = label
      self.mebibytes = mebibytes
      self.format = format
      self.mount = mount
      self.options = options
      self.permission = permission
    }
  }

  /// For file systems that users write to.
  package static let options = "noatime,nodev,nosuid"
  package static let permission = ClientImage.Permission(path: "", owner: "root:root", mode: 0o755)

  package var device: Device
  package var wipe: Wipe
  package var partitions: [Partition]

  package init(device: Device, wipe: Wipe, partitions: [Partition]) {
    self.device = device
    self.wipe = wipe
    self.partitions = partitions
  }
}

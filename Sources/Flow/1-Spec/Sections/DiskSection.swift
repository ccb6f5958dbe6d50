// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import SpecForms

/// An entry of `disks:`, of an image or of a node group.
enum DiskSection: Section {
  struct Declaration: Sendable {
    var device: Located<NodeDisk.Device>?
    var wipe: Located<NodeDisk.Wipe>?
    var partitions: [Located<PartitionSection.Declaration>]

    /// Without errors. Nil: something is missing, which has been reported.
    var disk: NodeDisk? {
      guard let device = device?.value else { return nil }
      return NodeDisk(
        device: device, wipe: wipe?.value ?? .never, partitions: partitions.compactMap(\.value.partition))
    }
  }

  static let noun = "a disk of nodes"
  static let doc = "A disk that nodes have in them, for scratch space and swap. It is partitioned when it is blank."

  static let device = Key(
    "device", .nodeDisk, required: true,
    "The disk: a device, best below /dev/disk/by-path or /dev/disk/by-id, `model:…` or `serial:…`, or `nvme` for the "
      + "only NVMe disk of the machine. Nothing is written where several fit.")
  static let wipe =
    Key(
      "wipe", .choice("a permission to destroy data"),
      "once: whatever else is on the disk is destroyed, and what is made is then kept. each boot: the file systems are "
        + "made anew at each boot. Default: never; then a disk with anything else on it is left alone."
    ) as Key<NodeDisk.Wipe>
  static let partitions = Key(
    "partitions", .list(of: PartitionSection.form, "a list of partitions", minimum: 1), required: true,
    "Its partitions, in their order on the disk.")

  static let keys = [device.description, wipe.description, partitions.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    Declaration(
      device: fields.read(device, &problems), wipe: fields.read(wipe, &problems),
      partitions: fields.read(partitions, &problems)?.value ?? [])
  }
}

enum PartitionSection: Section {
  struct Declaration: Sendable {
    var label: Located<String>?
    var size: Located<Int>?
    /// `size:` is in the file, readable or not.
    var hasSize: Bool
    var format: Located<NodeDisk.Format>?
    var mount: Located<String>?
    /// `mount:` is in the file, readable or not.
    var hasMount: Bool
    var options: Located<String>?
    var permissions: Located<ClientImage.Permission>?

    var partition: NodeDisk.Partition? {
      guard let label = label?.value, let format = format?.value else { return nil }
      return NodeDisk.Partition(
        label: label, mebibytes: size?.value, format: format, mount: mount?.value,
        options: options?.value ?? NodeDisk.options, permission: permissions?.value ?? NodeDisk.permission)
    }
  }

  static let noun = "a partition"
  static let doc = "A partition of a node's disk, and the file system in it."

  static let label = Key(
    "label", .label("the name of a partition", longest: 12), required: true,
    "Its name, in the partition table and of the file system. All that a node has are different.")
  static let size = Key(
    "size", .diskSize, "Its size: 64GiB. Default: what is left of the disk, for the last one.")
  static let format =
    Key("format", .choice("a format of partitions"), required: true, "What is made in it: ext4, xfs or swap.")
    as Key<NodeDisk.Format>
  static let mount = Key(
    "mount", .wordPath, "Where it is mounted: `/scratch`. Needed for ext4 and xfs.")
  static let options = Key(
    "options", .mountOptions, "Options, as in fstab(5). Default: \(NodeDisk.options).")
  static let permissions = Key(
    "permissions", .permissionOrNumbers,
    "The owner, group and mode of the mounted folder: `root:root 1777` where all users may write. "
      + "Default: `root:root 0755`.")

  static let keys = [
    label.description, size.description, format.description, mount.description, options.description,
    permissions.description,
  ]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    Declaration(
      label: fields.read(label, &problems), size: fields.read(size, &problems),
      hasSize: fields.entry(size.name) != nil,
      format: fields.read(format, &problems), mount: fields.read(mount, &problems),
      hasMount: fields.entry(mount.name) != nil,
      options: fields.read(options, &problems), permissions: fields.read(permissions, &problems))
  }
}

extension Form where Value == NodeDisk.Device {
  static var nodeDisk: Form {
    text(
      "a rule that finds a disk", code: .badDisk, pattern: "^(nvme|/dev/.+|model:.+|serial:.+)$",
      examples: ["/dev/disk/by-path/pci-0000:01:00.0-nvme-1", "model:SAMSUNG MZ7L3480", "nvme"]
    ) { text in
      NodeDisk.Device(text).map { .value($0) }
        ?? .wrong(
          "`\(shown(text))` finds no disk of nodes.",
          help: "Write a device such as `/dev/disk/by-path/…`, `model:…` or `serial:…` as lsblk(8) shows it, "
            + "or `nvme`.")
    }
  }
}

extension Form where Value == Int {
  /// In MiB, to which partitions are aligned.
  fileprivate static var diskSize: Form {
    text(
      "a size", code: .badDiskSize, pattern: "^[1-9][0-9]{0,9}(MiB|GiB|TiB)$", examples: ["64GiB", "512MiB"]
    ) { text in
      let units = [("MiB", 1), ("GiB", 1 << 10), ("TiB", 1 << 20)]
      guard let unit = units.first(where: { text.hasSuffix($0.0) }), let count = Int(text.dropLast(3)),
        (1...9_999_999_999).contains(count), text.first != "+", text.first != "0"
      else {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let letter = text.dropFirst(digits.count).first.map { $0.uppercased() }
        let isShort = ["G", "GB", "M", "MB", "T", "TB", "GIB", "MIB", "TIB"]
          .contains(text.dropFirst(digits.count).uppercased())
        return .wrong(
          "`\(shown(text))` is not a size.", help: "Write a whole number of MiB, GiB or TiB: `64GiB`.",
          replacement: isShort && !digits.hasPrefix("0") && !digits.isEmpty ? letter.map { "\(digits)\($0)iB" } : nil,
          isCertain: false)
      }
      return .value(count * unit.1)
    }
  }
}

extension Form where Value == String {
  /// A word for mount(8), and for a list that is read word by word.
  fileprivate static var mountOptions: Form {
    text("options of mount(8)", code: .wrongType, examples: ["noatime,nodev,nosuid"]) { text in
      guard !text.isEmpty, text.utf8.count <= 256, text.first != "-",
        text.utf8.allSatisfy({ 0x21..<0x7f ~= $0 && !"\\\"'".utf8.contains($0) })
      else {
        return .wrong("`\(shown(text))` are no options.", help: "Write them with commas, without spaces and quotes.")
      }
      return .value(text)
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import SpecForms

/// `ha: state:`, the folder that both heads have.
enum StateSection: Section {
  struct Declaration: Sendable {
    var shared: Located<String>?
    var mount: Located<StateMountSection.Declaration>?
    var replicated: Located<ReplicatedStateSection.Declaration>?
    /// `shared:` or `replicated:` is in the file, readable or not.
    var hasKind: Bool
  }

  static let noun = "`state`"
  static let doc = "The folder that services which move keep their state in."

  static let shared = Key(
    "shared", .wordPath,
    "A folder that is mounted on both heads, and the same on both. Services that need it start only where it is. "
      + "Default: none; then `replicated` says how the heads have it.")
  static let mount = Key(
    "mount", StateMountSection.form, "What is mounted there, on both heads. Default: the site mounts it itself.")

  static let replicated = Key(
    "replicated", ReplicatedStateSection.form,
    "A disk of each head, kept the same as the other's, and mounted on the head that is active. Default: none.")

  static let keys = [shared.description, mount.description, replicated.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    Declaration(
      shared: fields.read(shared, &problems), mount: fields.read(mount, &problems),
      replicated: fields.read(replicated, &problems),
      hasKind: fields.entry(shared.name) != nil || fields.entry(replicated.name) != nil)
  }
}

/// A disk of each head that holds what the other's holds.
enum ReplicatedStateSection: Section {
  struct Declaration: Sendable {
    var path: Located<String>?
    var over: Located<String>?
    var backend: Located<HighAvailabilityPolicy.State.Replica.Backend>?
    var disks: [Named<String>]
    /// `disks:` is in the file, readable or not.
    var hasDisks: Bool
    var wipe: Located<Bool>?
  }

  static let noun = "`replicated`"
  static let doc = "A disk of each head that holds the same as the other's. One head at a time has it mounted."

  static let path = Key(
    "path", .wordPath, required: true, "Where the active head has it mounted, as ext4.")
  static let over = Key(
    "over", .label("the name of a network", longest: 32),
    "The network that the disks are kept the same over; each head needs an interface there. "
      + "Default: the first of `heartbeat: links:`.")
  static let backend =
    Key(
      "by", .choice("a way to replicate"),
      "drbd, the module of Debian's kernels; or stand-in, a program in its place for heads without a kernel of their "
        + "own, as a lab's containers are. Default: drbd.")
    as Key<HighAvailabilityPolicy.State.Replica.Backend>
  static let disks = Key(
    "disks", .table("a mapping of devices by head", named: .label("the name of a head"), of: .device, minimum: 1),
    "The disk, partition or logical volume of each head, best below /dev/disk/by-id. All of it is used, and what is on "
      + "it is lost. Needed for drbd; the stand-in has a file.")
  static let wipe = Key(
    "wipe", .flag, "Whether a disk that is not empty may be overwritten. Default: false.")

  static let keys = [path.description, over.description, backend.description, disks.description, wipe.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    Declaration(
      path: fields.read(path, &problems), over: fields.read(over, &problems),
      backend: fields.read(backend, &problems), disks: fields.read(disks, &problems)?.value ?? [],
      hasDisks: fields.entry(disks.name) != nil, wipe: fields.read(wipe, &problems))
  }
}

extension Form where Value == String {
  /// A device that keeps its name: DRBD's configuration has it on both heads.
  fileprivate static var device: Form {
    text("a device", code: .badDisk, pattern: "^/dev/.+$", examples: ["/dev/disk/by-id/nvme-eui.0025385b21404d5f"]) {
      text in
      guard case .path(let path)? = DiskRule(text), !path.utf8.contains(where: { " \"\\#{};".utf8.contains($0) }) else {
        return .wrong(
          "`\(shown(text))` is no device.",
          help: "Write the device's path, which is the same after a restart: `/dev/disk/by-id/…`, "
            + "`/dev/disk/by-partlabel/…` or `/dev/GROUP/VOLUME`.")
      }
      return .value(path)
    }
  }
}

/// A file system that several machines may have mounted at once.
enum StateMountSection: Section {
  enum FileSystem: String, CaseIterable, Sendable { case nfs, nfs4, glusterfs, ceph }

  struct Declaration: Sendable {
    var from: Located<String>?
    var type: Located<FileSystem>?
    var options: Located<String>?
  }

  static let noun = "`mount`"
  static let doc = "A file system on a server or on a storage network."

  static let from = Key(
    "from", .source, required: true, "What mount(8) takes: `nas.example.org:/export/state`.")
  static let type =
    Key(
      "type", .choice("a type of file system"), required: true,
      "One that several machines may mount at once: nfs, nfs4, glusterfs or ceph.") as Key<FileSystem>
  static let options = Key(
    "options", .source, "Options, as in fstab(5): `hard,nodev,nosuid`. Default: those of mount(8).")

  static let keys = [from.description, type.description, options.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    Declaration(
      from: fields.read(from, &problems), type: fields.read(type, &problems), options: fields.read(options, &problems))
  }
}

extension Form where Value == String {
  /// A word that a unit file takes as it is: no spaces, no `%`, which systemd.unit(5) expands.
  fileprivate static var source: Form {
    text("a word of mount(8)", code: .wrongType) { text in
      guard !text.isEmpty, text.utf8.count <= 1024,
        text.unicodeScalars.allSatisfy({ $0.value > 32 && $0.value < 127 && !"%\\\"'".unicodeScalars.contains($0) })
      else {
        return .wrong(
          "`\(shown(text))` cannot be written into a unit of systemd.", help: "Write it without spaces, quotes and `%`."
        )
      }
      return .value(text)
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// `root:` of a node group that runs from its disks.
enum RootSection: Section {
  struct Declaration: Sendable {
    var device: Located<NodeDisk.Device>?
    var wipe: Located<NodeDisk.Wipe>?
    var installation: Located<Int>?

    /// Without errors. Nil: something is missing, which has been reported.
    func root(at span: SourceSpan) -> NodeRoot? {
      guard let device = device?.value else { return nil }
      return NodeRoot(
        device: device, wipe: wipe?.value ?? .never, installation: installation?.value ?? 1, source: span)
    }
  }

  static let noun = "the disk that nodes run from"
  static let doc = "The disk that nodes with `boot: disk` are installed on. All of it is theirs."

  static let device = Key(
    "device", .nodeDisk, required: true,
    "The disk: a device, best below /dev/disk/by-path or /dev/disk/by-id, `model:…` or `serial:…`, or `nvme` for the "
      + "only NVMe disk of the machine. Nothing is written where several fit.")
  static let wipe = Key(
    "wipe", Form<NodeDisk.Wipe>.choice([("never", .never), ("once", .once)], what: "a permission to destroy data"),
    "once: whatever else is on the disk is destroyed. Default: never; then a disk with anything else on it is left alone."
  )
  static let installation = Key(
    "install", .integer(1...1_000_000),
    "The number of the installation. Where it is another one than a node was installed with, the node restarts, and is "
      + "installed anew. Default: 1.")

  static let keys = [device.description, wipe.description, installation.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    Declaration(
      device: fields.read(device, &problems), wipe: fields.read(wipe, &problems),
      installation: fields.read(installation, &problems))
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// A node that runs its image from a disk of its own.
///
/// It boots over the network, and its initramfs looks for its root on the disk. Where the image that is described is
/// not there, the node fetches and verifies it as one without a disk does, and the image installs itself: see
/// `Payload/root-disk`. Nothing on the heads says which node is installed: each decides by what is on its own disk.
package enum Disk: Provisioner {
  package static let name = "disk"
  package static let keys: Set<String> = ["root"]
  package static let stages = [
    .powered, .dhcp,
    BootStage(
      .script, "fetched its boot script", patience: 180,
      advice: "Check its console: the kernel may lack the driver of its card or disk, or the memory for the image."
    ),
    // Laying it down takes a slow disk minutes; a disk that is silent is waited for, and then given up.
    BootStage(
      .image, "fetched its image, and installs it on its disk", patience: 600,
      advice: "Check its console for lines of `cluster-root`: the disk may be failing."),
    .ready,
  ]
  package static let loss = (
    image: "; its root is installed anew, and what was written there since is lost",
    arguments: "; where `install:` is another number, its root is installed anew, and what was written there is lost"
  )
  package static let failureAdvice: String? =
    "Where it names a disk: to give up what is on that, write `wipe: once` in `root:` of its group; to keep it, name "
    + "another disk. Else its image on the active head is to be checked: its SHA-256 must match its manifest."

  package static func script(
    _ node: ComputeNode, image: String, in cluster: Cluster, _ scripts: BootScript
  ) -> String {
    let root = node.root.map { "\(rootID(of: node, in: cluster)),\($0.wipe.word),\($0.device.argument)" }
    return scripts.node(
      node.name, image: image, kernel: arguments(of: node),
      words: ["boot=cluster-disk"] + (root.map { ["cluster.root=\($0)"] } ?? []))
  }

  /// The number of the installation is among those with the tag, so that another one restarts the node. Words that only
  /// count when it is installed are not.
  package static func arguments(of node: ComputeNode) -> KernelArguments {
    guard let number = node.root?.installation, number != 1 else { return node.kernelArguments }
    return KernelArguments(node.kernelArguments.words + ["cluster.root_install=\(number)"])
  }

  package static func contributions(_ nodes: [ComputeNode], in cluster: Cluster) -> [ImageContribution] {
    guard let first = nodes.first else { return [] }
    let unit = "cluster-root-entry.service"
    return [
      ImageContribution(
        name: "node-root", packages: ["extlinux", "grub-common", "grub-efi-amd64-bin", "mtools", "syslinux-common"],
        files: [
          "etc/initramfs-tools/hooks/cluster-disk": text(PackageResources.initramfs_hook_disk, executable: true),
          "etc/initramfs-tools/scripts/cluster-disk": text(PackageResources.initramfs_cluster_disk, executable: true),
          "etc/systemd/system/\(unit)": text(PackageResources.cluster_root_entry_service),
          // A unit that is wanted by name needs no link in the image.
          "etc/systemd/system/multi-user.target.d/50-node-root.conf": TreeGoal.Entry(.text("[Unit]\nWants=\(unit)\n")),
          String(NodeDisks.program.dropFirst()): text(PackageResources.disks, executable: true),
          "usr/lib/cluster/root-disk": text(PackageResources.root_disk, executable: true),
        ], images: Set(nodes.map(\.image)), because: "nodes run from their own disks", source: first.source)
    ]
  }

  /// Signed boot: a disk has nothing that is signed, and is run without being asked for.
  package static func problems(_ nodes: [ComputeNode], in cluster: Cluster) -> [Diagnostic] {
    guard SignedBoot.asked(cluster) != nil else { return [] }
    return sources(nodes.map { $0.root?.source ?? $0.source }).map { source in
      Diagnostic(
        .noEffect, "`boot: signed` would not hold for nodes that run from their disks.",
        help: "Let these nodes boot from memory, or remove `boot: signed`.", at: source)
    }
  }

  /// `root:` of nodes that run from elsewhere.
  static func unusedRoots(_ cluster: Cluster) -> [Diagnostic] {
    let unused = cluster.nodes.filter { !$0.boot.provisioner.keys.contains("root") }
    return sources(unused.compactMap { $0.root?.source }).map { source in
      Diagnostic(
        .noEffect, "These nodes do not run from a disk.", help: "Write `boot: disk`, or remove `root:`.", at: source)
    }
  }

  /// Each once: all nodes of a group have the same.
  private static func sources(_ all: [SourceSpan]) -> [SourceSpan] {
    var seen: Set<SourceSpan> = []
    return all.filter { seen.insert($0).inserted }
  }

  /// Said with every plan: a word that destroys is not forgotten in a description.
  package static func notes(_ nodes: [ComputeNode]) -> [String] {
    let wiped = nodes.compactMap { node in
      node.root.flatMap { node.state == .in && $0.wipe == .once ? (device: $0.device, node: node.name) : nil }
    }
    return wiped.grouped(by: \.device).map { device, nodes in
      "`wipe: once`: \(HostlistText.fold(nodes.map(\.node))) will destroy whatever else is on \(device.words) when it "
        + "is installed there. Remove the word once they are ready: another disk in its place would be destroyed too."
    }
  }

  /// The id of the partition table, and of the root's file system, by which a node knows the disk that it runs from.
  static func rootID(of node: ComputeNode, in cluster: Cluster) -> String {
    NodeDisks.ownID("cluster root 1\n\(cluster.name)\n\(cluster.domain)\n\(node.name)")
  }

  private static func text(_ bytes: [UInt8], executable: Bool = false) -> TreeGoal.Entry {
    ImagePayload.text(bytes, executable: executable)
  }
}

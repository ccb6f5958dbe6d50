// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// A node whose root is its image as a head serves it over NFS: only what it reads is ever in its memory, and what it
/// writes is.
///
/// It boots as one without a disk does, and mounts where that one fetches. What heads have for it is `NFSRoots`.
package enum NFS: Provisioner {
  package static let name = "nfs"
  package static let stages = [
    .powered, .dhcp,
    BootStage(
      .script, "fetched its boot script", patience: 180,
      advice: "Check its console: the kernel may lack the driver of its card."),
    // The head notes it when the node asks for the image's head, right before it mounts it.
    BootStage(
      .image, "mounts its image over NFS", patience: 240,
      advice: "Check nfs-server and cluster-nfs-roots on the active head, and the node's console."),
    .ready,
  ]
  package static let failureAdvice: String? =
    "Check `systemctl status nfs-server cluster-nfs-roots` and `exportfs -v` on the active head: the image has to be "
    + "exported to the node's network."

  /// The addition to images. The squashfs of one that has it can be exported: see `ImageRecipe.isExportable`.
  static let contribution = "nfs-root"

  package static func script(
    _ node: ComputeNode, image: String, in cluster: Cluster, _ scripts: BootScript
  ) -> String {
    scripts.node(
      node.name, image: image, kernel: node.kernelArguments,
      words: ["boot=cluster-nfs", "cluster.nfs=\(WellKnown.nfsRoots)"])
  }

  package static func contributions(_ nodes: [ComputeNode], in cluster: Cluster) -> [ImageContribution] {
    guard let first = nodes.first else { return [] }
    return [
      ImageContribution(
        name: contribution, packages: [],
        files: [
          "etc/initramfs-tools/hooks/cluster-nfs": ImagePayload.text(
            PackageResources.initramfs_hook_nfs, executable: true),
          "etc/initramfs-tools/scripts/cluster-nfs": ImagePayload.text(
            PackageResources.initramfs_cluster_nfs, executable: true),
        ], images: Set(nodes.map(\.image)), because: "nodes run from it over NFS", source: first.source)
    ]
  }

  package static func problems(_ nodes: [ComputeNode], in cluster: Cluster) -> [Diagnostic] {
    guard SignedBoot.asked(cluster) != nil else { return [] }
    var seen: Set<SourceSpan> = []
    return nodes.map(\.source).filter { seen.insert($0).inserted }.map { source in
      Diagnostic(
        .noEffect, "`boot: signed` would not hold for nodes that run over NFS: what they read is not signed.",
        help: "Let these nodes boot from memory, or remove `boot: signed`.", at: source)
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Disks that nodes have in them: scratch space and swap.
///
/// What a node is to have comes with its identity, and a program of the image makes and mounts it before any ordinary
/// service starts. It writes only to blank disks and to those that it made for this node, unless the description says
/// `wipe: once`. A node is not ready before all of it is there, and says why.
package enum NodeDisks: Wing {
  package static let name = "node-disks"
  package static let kinds: [AnyKind] = []
  package static let probes: [any Probe.Type] = []
  package static let operations: [any HostOperation.Type] = []

  static let unit = "cluster-disks.service"
  static let program = "/usr/lib/cluster/disks"
  static let list = "/var/lib/cluster/disks"

  package static func resources(
    _ cluster: Cluster, _ files: SiteFiles, _ published: Publications
  ) -> [Resource] { [] }

  package static func contributions(_ cluster: Cluster) -> [ImageContribution] {
    let nodes = cluster.nodes.filter { !$0.disks.isEmpty }
    guard let first = nodes.first else { return [] }
    let packages = Set(nodes.flatMap(\.disks).flatMap(\.partitions).flatMap(\.format.packages))
    return [
      ImageContribution(
        name: name, packages: packages.sorted(),
        files: [
          String(program.dropFirst()): ImagePayload.text(PackageResources.disks, executable: true),
          "etc/systemd/system/\(unit)": ImagePayload.text(PackageResources.cluster_disks_service),
          // A unit that is wanted by name needs no link in the image.
          "etc/systemd/system/basic.target.d/50-\(name).conf": TreeGoal.Entry(.text("[Unit]\nWants=\(unit)\n")),
        ], images: Set(nodes.map(\.image)),
        because: "nodes use their own disks", source: first.source)
    ]
  }

  package static func liveFiles(_ cluster: Cluster) -> LiveFiles {
    var live = LiveFiles()
    for node in cluster.nodes where !node.disks.isEmpty {
      live.own[node.name] = [LiveFile(path: list, contents: .text(text(node, cluster)), live: .restart(unit))]
    }
    return live
  }

  package static func nodeChecks(_ cluster: Cluster) -> [NodeCheck] {
    let nodes = Set(cluster.nodes.filter { !$0.disks.isEmpty }.map(\.name))
    if nodes.isEmpty { return [] }
    return [
      NodeCheck(
        id: CheckID("disks", "mounted"), words: [program, "check"], seconds: 10,
        remediation: "Look at the disk with `lsblk --fs` on the node. To give up what is on it, write `wipe: once` for "
          + "it and apply; to keep it, take the disk out of `disks:`. A disk that somebody empties (`blkdiscard`) "
          + "is taken within a minute.", nodes: nodes)
    ]
  }

  /// Said with every plan: a word that destroys is not forgotten in a description.
  package static func notes(_ cluster: Cluster, _ inventory: Inventory) -> [String] {
    let wiped = cluster.nodesInService.flatMap { node in
      node.disks.filter { $0.wipe == .once }.map { (disk: $0, node: node.name) }
    }
    return wiped.grouped(by: \.disk).map { disk, nodes in
      "`wipe: once`: \(HostlistText.fold(nodes.map(\.node))) will destroy whatever else is on \(disk.device.words) and "
        + "make \(disk.partitions.map(\.label).joined(separator: ", ")) there, now if it runs, else when it boots. "
        + "What is made is kept. Remove the word once they are ready: another disk in its place would be destroyed too."
    }
  }

  /// As the program on the node reads it.
  static func text(_ node: ComputeNode, _ cluster: Cluster) -> String {
    var lines = ["disks 1"]
    for disk in node.disks {
      lines.append("disk \(tableID(disk, of: node, in: cluster)) \(disk.wipe.word) \(disk.device.argument)")
      for partition in disk.partitions {
        let size = partition.mebibytes.map(String.init) ?? "rest"
        let use = partition.mount.map {
          "\($0) \(partition.options) \(partition.permission.owner) \(String(partition.permission.mode, radix: 8))"
        }
        lines.append("partition \(partition.label) \(size) \(partition.format.rawValue) \(use ?? "- - - -")")
      }
      lines.append("end")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The id of the partition table, by which a node knows a disk that it made. The device is not in it: a better rule
  /// for the same disk finds the same disk.
  static func tableID(_ disk: NodeDisk, of node: ComputeNode, in cluster: Cluster) -> String {
    let label = disk.partitions.first?.label ?? ""
    let owner = "\(cluster.name)\n\(cluster.domain)\n\(node.name)"
    return ownID("cluster disks 1\n\(owner)\n\(label)")
  }

  /// A UUID that follows from a text. RFC 9562: version 8, for digits of one's own making.
  static func ownID(_ text: String) -> String {
    let digits = Array(SHA256.hex(text).prefix(32))
    return String(digits[0..<12] + ["8"] + digits[13..<16] + ["a"] + digits[17...]).hyphenatedUUID
  }
}

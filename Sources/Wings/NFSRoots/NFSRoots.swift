// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Heads that serve client images to nodes as their roots, over NFS: the kernel's server, on every head at all times.
///
/// A program of ours mounts each build of such an image and exports it, and goes on with it for as long as the build is
/// there: nothing in the description takes a root away from nodes that run from it. Housekeeping does, when no node has
/// told any head that it runs it.
package enum NFSRoots: Wing {
  package static let name = "nfs-roots"
  package static let kinds: [AnyKind] = [AnyKind(NFSRootsKind.self)]
  package static let probes: [any Probe.Type] = [KernelFileSystemProbe.self]
  package static let operations: [any HostOperation.Type] = []

  /// nfsd, and mountd where `serverFile` puts it. The initramfs of nodes has the same numbers.
  private static let ports: [UInt16] = [2049, 20048]
  package static let server = "nfs-server.service"
  package static let program = "/usr/lib/cluster-nfs/serve-roots"
  private static let listFile = "/etc/cluster/nfs-roots"
  private static let serverFile = "/etc/nfs.conf.d/cluster-nfs-roots.conf"
  private static let timer = "cluster-nfs-roots.timer"
  private static let units = "/etc/systemd/system"
  private static let serviceFile = "\(units)/cluster-nfs-roots.service"
  private static let orderFile = "\(units)/\(server).d/50-cluster-nfs-roots.conf"
  private static let pacemakerFile = "\(units)/pacemaker.service.d/50-after-\(server).conf"

  package static func resources(
    _ cluster: Cluster, _ files: SiteFiles, _ published: Publications
  ) -> [Resource] {
    guard let first = nodes(cluster).first, let network = cluster.bootNetwork else { return [] }
    let images = Set(nodes(cluster).map(\.image)).sorted()
    let places = Images.places(on: network, in: cluster)
    return places.map(\.head).map { head in
      Resource(
        NFSRootsKind.id(on: head),
        NFSRootsKind.Desired(
          files: goals(cluster, images), packages: ["nfs-kernel-server"],
          units: [
            UnitGoal(name: server, enabled: true, active: true, configuration: [serverFile, orderFile]),
            UnitGoal(
              name: timer, enabled: true, active: true, configuration: ["\(units)/\(timer)", serviceFile]),
          ], images: images, heads: places),
        because: "nodes run from images over NFS", source: first.source,
        after: WellKnown.repositories(on: head) + [WellKnown.basePackages(on: head)])
    }
  }

  package static func firewallNeeds(_ cluster: Cluster) -> [FirewallNeed] {
    if nodes(cluster).isEmpty { return [] }
    return networks(cluster).map {
      FirewallNeed("roots of nodes", ports.map { .tcp(Int($0)) }, from: .network($0.name))
    }
  }

  private static func nodes(_ cluster: Cluster) -> [ComputeNode] {
    cluster.nodes.filter { $0.boot.rawValue == NFS.name }
  }

  private static func networks(_ cluster: Cluster) -> [Network] {
    ServedNetwork.all(in: cluster).filter { $0.serves(.boot) }.map(\.network)
  }

  /// Before the package: it starts the server as it is installed.
  private static func goals(_ cluster: Cluster, _ images: [String]) -> [FileGoal] {
    let list = networks(cluster).map { "network \($0.cidr)\n" } + images.map { "image \($0)\n" }
    var texts = [
      (listFile, "# Written by cluster; changes made here are undone.\n" + list.joined()),
      (program, String(decoding: PackageResources.nfs_roots, as: UTF8.self)),
      (serverFile, serverText), (orderFile, orderText), (serviceFile, serviceText),
      ("\(units)/\(timer)", timerText),
    ]
    if cluster.ha != nil { texts.append((pacemakerFile, pacemakerText)) }
    return texts.map { FileGoal(path: $0.0, contents: .text($0.1), mode: $0.0 == program ? 0o755 : nil) }
  }

  private static let serverText = """
    # Written by cluster; changes made here are undone. See nfs.conf(5).
    [nfsd]
    vers3 = y
    threads = 32
    [mountd]
    port = \(ports[1])

    """
  private static let orderText = """
    # Written by cluster; changes made here are undone. What is exported is mounted before the server answers for it.
    [Unit]
    Wants=cluster-nfs-roots.service
    After=cluster-nfs-roots.service

    """
  private static let pacemakerText = """
    # Written by cluster; changes made here are undone. No service address comes to a head before it serves roots.
    [Unit]
    After=\(server)

    """
  private static let serviceText = """
    # Written by cluster; changes made here are undone.
    [Unit]
    Description=Mount and export the roots of nodes
    RequiresMountsFor=\(WellKnown.images)

    [Service]
    Type=oneshot
    ExecStart=\(program) serve
    LogLevelMax=warning

    """
  private static let timerText = """
    # Written by cluster; changes made here are undone.
    [Unit]
    Description=Look every ten seconds for images that nodes may run from

    [Timer]
    OnActiveSec=1
    OnUnitInactiveSec=10
    AccuracySec=1

    [Install]
    WantedBy=timers.target

    """
}

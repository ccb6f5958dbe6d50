// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// Client images: what they are made from, on every head, and the images themselves.
///
/// Every head holds the inputs, so that whichever is active can build; and serves what it has to the other heads.
package enum Images: Wing {
  package static let name = "images"
  package static let kinds: [AnyKind] = [AnyKind(ImageKind.self)]
  package static let probes: [any Probe.Type] = [
    ImageProbe.self, ImageUpdatesProbe.self, ImageRecipeProbe.self, ImageBytesProbe.self, ImageDifferenceProbe.self,
  ]
  package static let operations: [any HostOperation.Type] = [EnsureImage.self, EnsureImageFetched.self]

  /// Where heads serve images to each other; nodes fetch from the service address.
  static let port = 8080
  private static let unitFile = "/etc/systemd/system/cluster-images.service"
  private static let configurationFile = "/etc/cluster/images-nginx.conf"

  package static func resources(
    _ cluster: Cluster, _ files: SiteFiles, _ published: Publications
  ) -> [Resource] {
    guard let first = cluster.images.first, let network = cluster.bootNetwork else { return [] }
    let places = places(on: network, in: cluster)
    return cluster.heads.flatMap {
      inputs(cluster, files, published, on: $0, source: first.source) + exchange(network, $0)
    }
      + cluster.images.compactMap { image -> Resource? in
        guard let recipe = published.images[image.name] else { return nil }
        return Resource(
          ImageKind.id(image.name), ImageKind.Desired(recipe: recipe, heads: places), because: "nodes boot it",
          source: image.source,
          after: originals(cluster).flatMap { before(image, published.contributions, $0.name) })
      }
  }

  /// Heads that serve images to others, at addresses of their own.
  static func places(on network: Network, in cluster: Cluster) -> [ImageKind.Place] {
    cluster.heads.compactMap { head in
      head.nic(on: network.name).map {
        ImageKind.Place(head: head.name, url: "http://\($0.address):\(port)/images", isClone: head.cloneOf != nil)
      }
    }
  }

  package static func firewallNeeds(_ cluster: Cluster) -> [FirewallNeed] {
    guard !cluster.images.isEmpty, let network = cluster.bootNetwork else { return [] }
    return [FirewallNeed("images for other heads", [.tcp(port)], from: .otherHeads(network: network.name))]
  }

  /// A clone is installed from the image, so the image cannot wait for the clone. A clone that builds, because no other
  /// head answers, finds by the recipe's digests whether it has the inputs.
  private static func originals(_ cluster: Cluster) -> [Head] { cluster.heads.filter { $0.cloneOf == nil } }

  /// Everything that a head needs before it can build or fetch an image.
  private static func before(
    _ image: ClientImage, _ contributions: [ImageContribution], _ head: HostID
  ) -> [ResourceID] {
    let contributed = contributions.map { TreeKind.id(on: head, ImageRecipes.contributed($0.name)) }
    return [
      PackagesKind.id(on: head, name), TreeKind.id(on: head, ImageRecipes.payload),
      TreeKind.id(on: head, ImageRecipes.programsOfOurs),
    ] + contributed + [
      TreeKind.id(on: head, ImageRecipes.site(image.name)),
      TreeKind.id(on: head, ImageRecipes.programs(image.name)), UnitKind.id(on: head, "cluster-images.service"),
    ]
  }

  private static func inputs(
    _ cluster: Cluster, _ files: SiteFiles, _ published: Publications, on head: Head, source: SourceSpan
  ) -> [Resource] {
    // The builder's apt speaks to the repositories of images, which need not be those of heads.
    let needsCertificates = cluster.images.contains { image in
      cluster.repositories.of(image: image.name).contains(where: \.needsCertificates)
    }
    let own: [Resource] = [
      .packages(
        on: head.name, name,
        ["debian-archive-keyring", "mmdebstrap", "squashfs-tools", "zstd"]
          + (needsCertificates ? ["ca-certificates"] : [])
          + (cluster.images.contains { $0.base != nil } ? ["umoci"] : []),
        because: "they build client images", source: source,
        after: WellKnown.repositories(on: head.name) + [WellKnown.basePackages(on: head.name)]),
      .tree(
        on: head.name, ImageRecipes.payload, ImagePayload.files, because: "how an image boots, reports and installs",
        source: source),
      .tree(
        on: head.name, ImageRecipes.programsOfOurs, ImageRecipes.ownPrograms(published.contributions),
        because: "what finishes an image",
        source: source),
    ]
    return own
      + published.contributions.filter { !$0.files.isEmpty }.map { added in
        .tree(
          on: head.name, ImageRecipes.contributed(added.name), added.files, because: added.because,
          source: added.source)
      }
      + cluster.images.flatMap { image in
        let trees = [
          (ImageRecipes.site(image.name), ImageRecipes.siteFiles(image, files), "files of image \(image.name)"),
          (
            ImageRecipes.programs(image.name), ImageRecipes.programFiles(image, files),
            "programs of image \(image.name)"
          ),
        ]
        return trees.filter { !$0.1.isEmpty }.map { root, entries, reason in
          Resource.tree(on: head.name, root, entries, because: reason, source: image.source)
        }
      }
  }

  /// A second nginx, always on: nginx.service itself runs only where the service address is.
  private static func exchange(_ network: Network, _ head: Head) -> [Resource] {
    guard let nic = head.nic(on: network.name) else { return [] }
    let installed = [WellKnown.bootPackages(on: head.name)]
    let reason = "heads fetch images from each other"
    let goal = UnitGoal(
      name: "cluster-images.service", enabled: true, active: true, configuration: [unitFile, configurationFile])
    return [
      .file(
        on: head.name, configurationFile, configuration(listen: nic.address, network: network), because: reason,
        source: network.source, after: installed),
      .file(on: head.name, unitFile, unit, because: reason, source: network.source, after: installed),
      .unit(
        on: head.name,
        .init(goal, watches: [FileKind.id(on: head.name, unitFile), FileKind.id(on: head.name, configurationFile)]),
        because: reason, source: network.source,
        after: installed + [LinkKind.id(on: head.name, nic.name)]),
    ]
  }

  private static func configuration(listen address: IPv4Address, network: Network) -> String {
    """
    # Written by cluster; changes made here are undone.
    daemon off;
    user www-data;
    worker_processes 1;
    pid /run/cluster-images.pid;
    error_log stderr;

    events { worker_connections 256; }

    http {
      access_log off;
      sendfile on;
      server_tokens off;
      default_type application/octet-stream;

      server {
        listen \(address):\(port);
        allow \(network.cidr);
        deny all;
        location /images/ { alias \(WellKnown.images)/; }
      }
    }

    """
  }

  /// Started again until the address is there: at boot the link may come up later.
  private static let unit = """
    # Written by cluster; changes made here are undone.
    [Unit]
    Description=Client images for the other heads
    After=network.target
    StartLimitIntervalSec=0

    [Service]
    ExecStart=/usr/sbin/nginx -c \(configurationFile)
    Restart=on-failure
    RestartSec=2

    [Install]
    WantedBy=multi-user.target

    """
}

extension Images: StatusSection {
  package static func statusQuestions(_ cluster: Cluster) -> [Question] { [] }

  package static func tell(_ report: inout StatusReport, _ cluster: Cluster, _ inventory: Inventory) {
    report.images = cluster.images.compactMap { image in
      image.asOf.map { StatusReport.Image(name: image.name, asOf: $0) }
    }
  }
}

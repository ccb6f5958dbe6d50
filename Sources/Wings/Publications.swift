// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// Facts that wings tell each other before any resource is made.
package struct Publications: Sendable {
  /// Services of the heads, by the wings that bring them along and the site's own.
  package let services: [HeadService]
  package let contributions: [ImageContribution]
  /// Ports of the heads that others have to reach.
  package let firewallNeeds: [FirewallNeed]
  /// Accounts of daemons, on heads and in images.
  package let users: [WantedUser]
  /// Secrets that one node gets, besides those of its image.
  package let nodeSecrets: [NodeSecret]
  /// Files that nodes get with their identities.
  package let liveFiles: LiveFiles
  /// The checks that nodes run by themselves. Their files are among the live ones.
  package let readyChecks: ReadyChecks
  /// The recipe of each client image, by its name in the description. The digest is its identity.
  package let images: [String: ImageRecipe]
  /// Where nodes find the heads. Nil: nothing boots over the network.
  package let serviceAddress: IPv4Address?

  package init(_ cluster: Cluster, _ files: SiteFiles, wings: [any Wing.Type] = WingCatalog.all) {
    let contributions = wings.flatMap { $0.contributions(cluster) }
    services = wings.flatMap { $0.services(cluster) }
    let users = wings.flatMap { $0.users(cluster) }
    self.users = users
    images = Dictionary(
      cluster.images.map { ($0.name, ImageRecipes.recipe($0, cluster, files, contributions, users.map(\.user))) },
      uniquingKeysWith: { first, _ in first })
    self.contributions = contributions
    firewallNeeds = wings.flatMap { $0.firewallNeeds(cluster) }
    nodeSecrets = wings.flatMap { $0.nodeSecrets(cluster) }
    readyChecks = ReadyChecks(cluster)
    liveFiles = wings.reduce(into: readyChecks.liveFiles(cluster)) { $0.add($1.liveFiles(cluster)) }
    serviceAddress = Netboot.serviceAddress(cluster)
  }

  /// `compute/8fb6393f7f08e9a6`: as boot scripts and reports name the image.
  package func identity(ofImage name: String) -> String? { images[name].map { "\(name)/\($0.digest)" } }
}

/// A service of the heads, by the name that users know it by, and the unit that does it.
package struct HeadService: Hashable, Sendable {
  package var name: String
  /// Several services may be in one unit.
  package var unit: String
  /// The questions that it must answer to count as healthy.
  package var checks: [HealthCheck]
  /// It is the site's own: `cluster` neither installs nor configures it.
  package var isOwn: Bool
  /// Services that start before it, where both start.
  package var needs: [String] = []
  /// It keeps its state in the folder of `ha: state:`.
  package var keepsState = false
  /// The file in which it says how it is, while it runs: `ServiceReport`.
  package var report: String?
  /// A program that tells whether it may be away for a moment.
  package var quiet: String?
  package var source: SourceSpan

  package init(name: String, unit: String, checks: [HealthCheck], isOwn: Bool = false, source: SourceSpan) {
    self.name = name
    self.unit = unit
    self.checks = checks
    self.isOwn = isOwn
    self.source = source
  }
}

/// A secret that a wing has for one node.
package struct NodeSecret: Hashable, Sendable {
  package var node: HostID
  package var file: ClientImage.Secret

  package init(node: HostID, file: ClientImage.Secret) {
    self.node = node
    self.file = file
  }
}

/// A wing's addition to client images.
package struct ImageContribution: Sendable {
  /// A word for its folder on the heads.
  package var name: String
  package var packages: [String]
  /// Files by their path relative to the image's root. An image's own `files:` are laid over them.
  package var files: [String: TreeGoal.Entry]
  /// A program that runs in the image's root before the site's own.
  package var program: TreeGoal.Entry?
  /// The only images that get it. Nil: all of them.
  package var images: Set<String>?
  package var because: String
  package var source: SourceSpan

  package init(
    name: String, packages: [String], files: [String: TreeGoal.Entry], program: TreeGoal.Entry? = nil,
    images: Set<String>? = nil, because: String, source: SourceSpan
  ) {
    self.name = name
    self.packages = packages
    self.files = files
    self.program = program
    self.images = images
    self.because = because
    self.source = source
  }
}

// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Templates

/// A set of packages, files and services that is turned on by its name in `packages:`, as its folder describes it.
package struct PackageSet: Hashable, Sendable {
  package var name: String
  /// Its purpose, in a sentence.
  package var summary: String
  /// Sets that have to be on too, with the place where each is named.
  package var needs: [Need] = []
  /// Where it says that nodes have to be of the heads' release. Nil: it does not.
  package var sameRelease: SourceSpan?
  /// In the order of the set's file.
  package var settings: [Setting]
  /// The only images that it is on in. Nil: all of them.
  package var images: Set<String>?
  /// The values of settings that differ between nodes, by the image that gives some of its own.
  package var ofImages: [String: [String: TemplateValue]] = [:]
  /// The same, by the place of the node group that gives some: they count before those of its image.
  package var ofGroups: [SourceSpan: [String: TemplateValue]] = [:]
  /// Accounts of its daemons, on heads and in images.
  package var users: [SystemUser] = []
  package var heads: Side
  package var nodes: Side
  /// Ports of the heads that its daemons are reached at.
  package var ports: [OpenPort] = []
  /// Its services on the heads: where there is `ha:`, Pacemaker moves them.
  package var services: [Service] = []
  /// The checks in its folder `tests`, by name.
  package var checks: [SetCheck] = []
  /// Where the description turns it on.
  package var source: SourceSpan

  package struct Setting: Hashable, Sendable {
    package var name: String
    package var doc: String
    package var type: TemplateType
    /// As it counts: the site's, or the set's default.
    package var value: TemplateValue
    /// The site's own.
    package var isGiven: Bool
    /// A node group may give another value: templates read it as `node.set.NAME`.
    package var isOfNodes: Bool

    package init(
      name: String, doc: String, type: TemplateType, value: TemplateValue, isGiven: Bool, isOfNodes: Bool = false
    ) {
      self.name = name
      self.doc = doc
      self.type = type
      self.value = value
      self.isGiven = isGiven
      self.isOfNodes = isOfNodes
    }
  }

  package struct Need: Hashable, Sendable {
    package var set: String
    package var source: SourceSpan

    package init(_ set: String, source: SourceSpan) {
      self.set = set
      self.source = source
    }
  }

  package struct OpenPort: Hashable, Sendable {
    package var port: FirewallNeed.Port
    /// Only machines of the network that nodes boot from reach it.
    package var isForNodes: Bool

    package init(_ port: FirewallNeed.Port, isForNodes: Bool) {
      self.port = port
      self.isForNodes = isForNodes
    }
  }

  package struct Service: Hashable, Sendable {
    package var name: String
    package var unit: String
    package var check: HealthCheck?
    /// Services of the heads that start before it, where both start.
    package var needs: [String]
    /// A reload takes its changed files up. Else it is restarted.
    package var reloads: Bool
    /// It keeps its state in the folder of `ha: state:`.
    package var keepsState: Bool
    /// The file in which it says how it is, while it runs.
    package var report: String?
    /// A program that tells whether it may be away for a moment.
    package var quiet: String?
    /// In the set's file.
    package var source: SourceSpan

    package init(
      name: String, unit: String, check: HealthCheck?, needs: [String], reloads: Bool, keepsState: Bool,
      report: String?, quiet: String? = nil, source: SourceSpan
    ) {
      self.name = name
      self.unit = unit
      self.check = check
      self.needs = needs
      self.reloads = reloads
      self.keepsState = keepsState
      self.report = report
      self.quiet = quiet
      self.source = source
    }
  }

  /// The part that machines of one sort get.
  package struct Side: Hashable, Sendable {
    package var packages: [String] = []
    /// In the order of their paths.
    package var files: [File] = []
    package var units: [String] = []
    /// Owners and modes of its files, where they are not root's and the usual ones.
    package var permissions: [ClientImage.Permission] = []
    /// Files that hold a secret: on nodes they are part of the identity.
    package var secrets: [ClientImage.Secret] = []

    package init(
      packages: [String] = [], files: [File] = [], units: [String] = [], permissions: [ClientImage.Permission] = [],
      secrets: [ClientImage.Secret] = []
    ) {
      self.packages = packages
      self.files = files
      self.units = units
      self.permissions = permissions
      self.secrets = secrets
    }
  }

  package struct File: Hashable, Sendable {
    package enum Body: Hashable, Sendable {
      case plain(Content)
      case template(Template)
    }

    /// On the machine: `/etc/slurm/slurm.conf`.
    package var path: String
    package var body: Body
    package var isExecutable: Bool
    /// Beside the description: `packages/slurm/files/etc/slurm/slurm.conf.j2`.
    package var origin: String
    /// Nodes get it with their identity, when they boot and while they run. Nil: with their image.
    package var live: Live?

    package init(path: String, body: Body, isExecutable: Bool, origin: String, live: Live? = nil) {
      self.live = live
      self.path = path
      self.body = body
      self.isExecutable = isExecutable
      self.origin = origin
    }
  }

  /// The consequence of another version of a file on a node that runs.
  package enum Live: Hashable, Codable, Sendable {
    /// None: whoever reads the file, reads it anew.
    case nothing
    case reload(String)
    case restart(String)
  }

  package init(name: String, summary: String, settings: [Setting], heads: Side, nodes: Side, source: SourceSpan) {
    self.name = name
    self.summary = summary
    self.settings = settings
    self.heads = heads
    self.nodes = nodes
    self.source = source
  }

  /// Whether nodes of an image have it.
  package func isOn(in image: String) -> Bool { images?.contains(image) ?? true }

  /// The value that a setting has for one node: its group's, its image's, or the one for all.
  package func value(of setting: String, on node: ComputeNode) -> TemplateValue? {
    ofGroups[node.source]?[setting] ?? ofImages[node.image]?[setting] ?? settings.first { $0.name == setting }?.value
  }

  /// Folder of a set, beside the description.
  package static func folder(_ name: String) -> String { "packages/\(name)" }
}

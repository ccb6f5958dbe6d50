// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import Templates

/// A file that nodes get with their identity, when they boot and while they run.
package struct LiveFile: Hashable, Codable, Sendable {
  package var path: String
  package var contents: Content
  /// `user:group`, by name.
  package var owner: String
  package var mode: UInt16
  /// The consequence of another version.
  package var live: PackageSet.Live

  package init(
    path: String, contents: Content, owner: String = "root:root", mode: UInt16 = 0o644, live: PackageSet.Live
  ) {
    self.path = path
    self.contents = contents
    self.owner = owner
    self.mode = mode
    self.live = live
  }

  /// Everything about it in a few characters.
  package var fingerprint: String {
    String(SHA256.hex("\(path) \(owner) \(mode) \(live.words) \(contents.digest)").prefix(16))
  }
}

extension PackageSet.Live {
  /// `reload slurmd.service`; `none -` where nothing is to be done.
  package var words: String {
    switch self {
    case .nothing: "none -"
    case .reload(let unit): "reload \(unit)"
    case .restart(let unit): "restart \(unit)"
    }
  }

  package var disruption: Step.Disruption {
    switch self {
    case .nothing: .none
    case .reload: .reload
    case .restart: .restart
    }
  }
}

/// Live files of all nodes: those that are the same on all of them, once.
package struct LiveFiles: Hashable, Sendable {
  package var common: [LiveFile] = []
  package var own: [HostID: [LiveFile]] = [:]

  package init() {}

  package var isEmpty: Bool { common.isEmpty && own.isEmpty }

  package mutating func add(_ other: LiveFiles) {
    common += other.common
    own.merge(other.own) { $0 + $1 }
  }
}

extension PackageSets {
  package static func liveFiles(_ cluster: Cluster) -> LiveFiles {
    var files = LiveFiles()
    guard cluster.sets.contains(where: { $0.nodes.files.contains { $0.live != nil } }) else { return files }
    let site = siteValues(cluster)
    for set in cluster.sets {
      let values = site.of(set)
      let permissions = Dictionary(set.nodes.permissions.map { ($0.path, $0) }) { first, _ in first }
      for file in set.nodes.files {
        guard let live = file.live else { continue }
        // What a template refuses is told by `problems`, and nothing is planned.
        for (node, contents) in (try? texts(of: file, cluster, values)) ?? [] {
          let permission = permissions[file.path]
          let made = LiveFile(
            path: file.path, contents: contents, owner: permission?.owner ?? "root:root",
            mode: permission?.mode ?? (file.isExecutable ? 0o755 : 0o644), live: live)
          if let node { files.own[node, default: []].append(made) } else { files.common.append(made) }
        }
      }
    }
    return files
  }

  /// The texts of a live file: one for all nodes, or one for each where it reads `node`.
  ///
  /// - Parameter only: the node that is asked about. Nil: all of them.
  package static func texts(
    of file: PackageSet.File, _ cluster: Cluster, _ own: SetValues.Own, only: HostID? = nil
  ) throws(TemplateProblem) -> [(node: HostID?, contents: Content)] {
    var values = own.common
    guard case .template(let template) = file.body, template.reads.contains(SetVariables.nodeName) else {
      return [(nil, try text(file, values))]
    }
    var texts: [(HostID?, Content)] = []
    for (node, value) in zip(cluster.nodes, own.eachNode) where only == nil || only == node.name {
      values[SetVariables.nodeName] = value
      texts.append((node.name, try text(file, values)))
    }
    return texts
  }

  /// Paths that something else in a node's identity has.
  static func pathProblems(_ cluster: Cluster) -> [Diagnostic] {
    let own = [WellKnown.nodeHostKey, WellKnown.nodeHostKey + ".pub", WellKnown.nodeAuthorizedKeys]
    return cluster.sets.flatMap { set in
      set.nodes.files.filter { $0.live != nil }.compactMap { file -> Diagnostic? in
        if own.contains(file.path) || file.path.lies(in: WellKnown.nodeIdentityList) {
          return Diagnostic(
            .setPath, "The set `\(set.name)` has \(file.path), which comes with each node's identity.",
            help: "Take the file out of the set.", at: set.source)
        }
        let image = cluster.images.first { $0.secrets.contains { $0.path == file.path } }
        return image.map { image in
          Diagnostic(
            .setPath, "The set `\(set.name)` and the secrets of the image `\(image.name)` both have \(file.path).",
            help: "A path belongs to one of them. Take it out of the other.", at: set.source)
        }
      }
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// A file that nodes get with their identity, when they boot and while they run.
package struct LiveFile: Hashable, Codable, Sendable {
  package let path: String
  package let contents: Content
  /// `user:group`, by name.
  package let owner: String
  package let mode: UInt16
  /// The consequence of another version.
  package let live: PackageSet.Live
  private let memo = Lazy<String>()

  package init(
    path: String, contents: Content, owner: String = "root:root", mode: UInt16 = 0o644, live: PackageSet.Live
  ) {
    self.path = path
    self.contents = contents
    self.owner = owner
    self.mode = mode
    self.live = live
  }

  /// Everything about it in a few characters; computed once, however often it is compared with what nodes have.
  package var fingerprint: String {
    memo.value { String(SHA256.hex("\(path) \(owner) \(mode) \(live.words) \(contents.digest)").prefix(16)) }
  }

  private enum CodingKeys: String, CodingKey { case path, contents, owner, mode, live }
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
    for set in cluster.sets {
      let permissions = Dictionary(set.nodes.permissions.map { ($0.path, $0) }) { first, _ in first }
      for file in set.nodes.files {
        guard let live = file.live, let texts = cluster.filledSets.onNodes(file, of: set) else { continue }
        let permission = permissions[file.path]
        func made(_ contents: Content) -> LiveFile {
          LiveFile(
            path: file.path, contents: contents, owner: permission?.owner ?? "root:root",
            mode: permission?.mode ?? (file.isExecutable ? 0o755 : 0o644), live: live)
        }
        switch texts {
        case .same(let contents) where set.images == nil: files.common.append(made(contents))
        case .same(let contents):
          let common = made(contents)
          for node in cluster.nodes where set.isOn(in: node.image) { files.own[node.name, default: []].append(common) }
        case .own(let all):
          // Nodes of one group mostly have the same, one after the other: then it is digested once.
          var last: LiveFile?
          for (node, contents) in all {
            let file = last.flatMap { $0.contents.isSame(as: contents) ? $0 : nil } ?? made(contents)
            files.own[node, default: []].append(file)
            last = file
          }
        }
      }
    }
    return files
  }

  /// Paths that something else in a node's identity has.
  static func pathProblems(_ cluster: Cluster) -> [Diagnostic] {
    let own = [WellKnown.nodeHostKey, WellKnown.nodeHostKey + ".pub", WellKnown.nodeAuthorizedKeys]
    let ours = [WellKnown.nodeIdentityList, WellKnown.nodeReadyList, WellKnown.nodeReadyScripts]
    return cluster.sets.flatMap { set in
      set.nodes.files.filter { $0.live != nil }.compactMap { file -> Diagnostic? in
        if own.contains(file.path) || ours.contains(where: { file.path.lies(in: $0) }) {
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

// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// One path; its text too when `contents` is set and it is UTF-8 of at most 256 KiB.
package struct FileProbe: Probe {
  package typealias Answer = FileState

  package static let name = "file"

  package let path: String
  package let contents: Bool

  package init(_ path: String, contents: Bool = true) {
    self.path = path
    self.contents = contents
  }

  package var words: String { "file \(path)" }
  package var secrets: ProbeSecrets { .none }

  package func recorded(_ state: FileState, _ nodes: NodeNames) -> [ObservedLines] {
    [ObservedLines("files", explained(state, nodes))]
  }

  package func explained(_ state: FileState, _ nodes: NodeNames) -> [String] {
    let what =
      switch state {
      case .absent: "absent"
      case .file(let file): "\(file.digest.prefix(16)) \(String(file.mode, radix: 8)) \(file.owner):\(file.group)"
      case .link(let target): "-> \(target)"
      case .other(let kind): kind
      }
    return ["\(path) \(what)"]
  }
}

package enum FileState: Hashable, Codable, Sendable {
  case absent
  case file(FileFacts)
  case link(target: String)
  /// A folder, device, socket or pipe.
  case other(String)
}

package struct FileFacts: Hashable, Codable, Sendable {
  package var digest: String
  package var size: Int
  /// Permission bits, as `0o644`.
  package var mode: UInt16
  package var owner: String
  package var group: String
  package var contents: String?
  /// Whether this path was written by us before (so no backup is due).
  package var managed: Bool

  package init(
    digest: String, size: Int, mode: UInt16, owner: String, group: String, contents: String?, managed: Bool
  ) {
    self.digest = digest
    self.size = size
    self.mode = mode
    self.owner = owner
    self.group = group
    self.contents = contents
    self.managed = managed
  }
}

/// Every file below a folder that we own, with digests.
package struct TreeProbe: Probe {
  package typealias Answer = TreeState

  package static let name = "tree"

  package let root: String

  package init(_ root: String) { self.root = root }

  package var words: String { "tree \(root)" }
  package var secrets: ProbeSecrets { .none }

  package func recorded(_ tree: TreeState, _ nodes: NodeNames) -> [ObservedLines] {
    [ObservedLines("trees", explained(tree, nodes))]
  }

  package func explained(_ tree: TreeState, _ nodes: NodeNames) -> [String] {
    tree.exists ? tree.files.map { "\(root)/\($0.key) \($0.value.prefix(16))" }.sorted() : ["\(root) absent"]
  }
}

package struct TreeState: Hashable, Codable, Sendable {
  package var exists: Bool
  /// Digests of regular files, by path relative to the root.
  package var files: [String: String]

  package init(exists: Bool, files: [String: String]) {
    self.exists = exists
    self.files = files
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel

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

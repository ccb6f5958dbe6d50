// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The packages of a built image that the archive has newer versions of. Nil: the image is not there.
///
/// It fetches the archive's lists, so it is asked by a command of its own and never for a plan.
package struct ImageUpdatesProbe: Probe {
  package typealias Answer = ImageUpdates?

  package static let name = "imageUpdates"

  /// The image that was built.
  package let image: String
  package let digest: String
  /// The image that would be built now: its sources and packages are asked for.
  package let recipe: ImageRecipe

  package init(_ image: String, digest: String, against recipe: ImageRecipe) {
    self.image = image
    self.digest = digest
    self.recipe = recipe
  }

  package var words: String { "updates of image \(image)/\(digest)" }
  package var secrets: ProbeSecrets { .none }

  /// They are the archive's, and differ from day to day: no fact of the host.
  package func recorded(_ updates: ImageUpdates?, _ nodes: NodeNames) -> [ObservedLines] { [] }

  package func explained(_ updates: ImageUpdates?, _ nodes: NodeNames) -> [String] {
    guard let updates else { return ["\(image)/\(digest) absent"] }
    return ["\(image)/\(digest): \(updates.words)"]
      + updates.newer.map { "\($0.name) \($0.from) -> \($0.to)" + ($0.isSecurity ? ", security" : "") }
  }
}

/// The difference between an image and what would be installed for it now.
package struct ImageUpdates: Hashable, Codable, Sendable {
  package struct Package: Hashable, Codable, Sendable {
    package var name: String
    package var from: String
    package var to: String
    /// The suite of security updates has a version that is newer than the image's.
    package var isSecurity: Bool

    package init(name: String, from: String, to: String, isSecurity: Bool) {
      self.name = name
      self.from = from
      self.to = to
      self.isSecurity = isSecurity
    }
  }

  /// In the order of names.
  package var newer: [Package]
  /// Packages that would come along and are not in the image: a kernel of another version is one.
  package var added: [String]

  package init(newer: [Package], added: [String]) {
    self.newer = newer.sorted { $0.name < $1.name }
    self.added = added.sorted()
  }

  /// `41 packages newer, 3 security`.
  package var words: String {
    guard !newer.isEmpty else { return added.isEmpty ? "nothing newer" : "\(added.count) packages new" }
    let packages = newer.count == 1 ? "1 package newer" : "\(newer.count) packages newer"
    return packages + ", \(newer.count(where: \.isSecurity)) security"
  }
}

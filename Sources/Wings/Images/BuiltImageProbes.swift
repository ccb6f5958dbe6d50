// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The recipe of a built image below `/srv/cluster/images`. Nil: it is not there.
///
/// Asked by commands: plans know the recipes of what is described, and no others.
package struct ImageRecipeProbe: Probe {
  package typealias Answer = ImageRecipe?

  package static let name = "imageRecipe"

  package let image: String
  package let digest: String

  package init(_ image: String, digest: String) {
    self.image = image
    self.digest = digest
  }

  package var words: String { "recipe of image \(image)/\(digest)" }
  package var secrets: ProbeSecrets { .none }

  /// It follows from the digest, which is recorded.
  package func recorded(_ recipe: ImageRecipe?, _ nodes: NodeNames) -> [ObservedLines] { [] }

  package func explained(_ recipe: ImageRecipe?, _ nodes: NodeNames) -> [String] {
    ["\(image)/\(digest) " + (recipe == nil ? "absent" : "present")]
  }
}

/// Whether the bytes of a built image are those that its manifest names. Nil: there is nothing at its place.
package struct ImageBytesProbe: Probe {
  package typealias Answer = ImageBytes?

  package static let name = "imageBytes"

  package let image: String
  package let digest: String

  package init(_ image: String, digest: String) {
    self.image = image
    self.digest = digest
  }

  package var words: String { "bytes of image \(image)/\(digest)" }
  package var secrets: ProbeSecrets { .none }

  /// Asked by a command, and never for a plan: it reads all of the image.
  package func recorded(_ bytes: ImageBytes?, _ nodes: NodeNames) -> [ObservedLines] { [] }

  package func explained(_ bytes: ImageBytes?, _ nodes: NodeNames) -> [String] {
    guard let bytes else { return ["\(image)/\(digest) absent"] }
    let wrong = bytes.wrong.map { "\($0) is not as built" } + bytes.unknown.map { "nobody noted the digest of \($0)" }
    return wrong.isEmpty ? ["\(image)/\(digest) as built"] : wrong
  }
}

package struct ImageBytes: Hashable, Codable, Sendable {
  /// The SHA-256 of `root.squashfs` that the manifest names. Nil: there is no manifest that can be read.
  package var squashfs: String?
  /// Files that are missing or hold other bytes.
  package var wrong: [String]
  /// Files whose digest the manifest does not name.
  package var unknown: [String]

  package init(squashfs: String?, wrong: [String] = [], unknown: [String] = []) {
    self.squashfs = squashfs
    self.wrong = wrong
    self.unknown = unknown
  }
}

/// The files that differ between two built images. Nil: one of them is not there.
package struct ImageDifferenceProbe: Probe {
  package typealias Answer = ImageDifference?

  package static let name = "imageDifference"
  /// The most files that are told.
  package static let most = 5000

  /// As `name/digest`.
  package let old: String
  package let new: String

  package init(from old: String, to new: String) {
    self.old = old
    self.new = new
  }

  package var words: String { "files of image \(old) against \(new)" }
  package var secrets: ProbeSecrets { .none }

  /// Asked by a command, and never for a plan: it unpacks both images.
  package func recorded(_ difference: ImageDifference?, _ nodes: NodeNames) -> [ObservedLines] { [] }

  package func explained(_ difference: ImageDifference?, _ nodes: NodeNames) -> [String] {
    guard let difference else { return ["\(old) or \(new) absent"] }
    return difference.files.map(\.words) + (difference.omitted > 0 ? ["and \(difference.omitted) more"] : [])
  }
}

package struct ImageDifference: Hashable, Codable, Sendable {
  package struct File: Hashable, Codable, Sendable {
    package enum Change: String, Hashable, Codable, Sendable { case added, removed, changed }

    package var path: String
    package var change: Change
    /// The differences: `contents, 1024 -> 1030 bytes`, `mode 0644 -> 0755`. Empty where it is new or gone.
    package var details: [String]

    package init(path: String, change: Change, details: [String] = []) {
      self.path = path
      self.change = change
      self.details = details
    }

    package var words: String {
      let sign =
        switch change {
        case .added: "+"
        case .removed: "-"
        case .changed: "*"
        }
      return "\(sign) \(path)" + (details.isEmpty ? "" : "  " + details.joined(separator: ", "))
    }
  }

  /// In the order of paths. A folder that is new or gone stands for all that is in it.
  package var files: [File]
  /// Files more than are told.
  package var omitted: Int

  package init(files: [File], omitted: Int = 0) {
    self.files = files
    self.omitted = omitted
  }
}

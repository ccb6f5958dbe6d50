// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import FoundationEssentials
import Wings

/// What an image holds, kept beside it. Two images can be compared by their manifests.
struct ImageManifest: Codable, Sendable {
  var name: String
  /// The recipe's digest: the image's identity.
  var digest: String
  /// SHA-256 of `root.squashfs`.
  var squashfs: String
  var bytes: Int
  /// Versions by package.
  var packages: [String: String]
  var recipe: ImageRecipe

  init(recipe: ImageRecipe, squashfs: String, bytes: Int, packages: [String: String]) {
    name = recipe.name
    digest = recipe.digest
    self.squashfs = squashfs
    self.bytes = bytes
    self.packages = packages
    self.recipe = recipe
  }

  /// Nil when the bytes are no manifest.
  init?(json: [UInt8]) {
    guard let manifest = try? JSONDecoder().decode(Self.self, from: Data(json)) else { return nil }
    self = manifest
  }

  /// The same bytes for the same manifest.
  func json() throws(AgentError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
    } catch {
      throw AgentError(
        .invalid, "The image's manifest cannot be written", cause: "\(error)", next: "Report this as a bug.")
    }
  }

  var state: ImageState {
    ImageState(name: name, digest: digest, squashfs: squashfs, bytes: bytes, packages: packages)
  }
}

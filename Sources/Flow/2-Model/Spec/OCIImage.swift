// SPDX-License-Identifier: Apache-2.0

/// An image of the Open Container Initiative: the manifest that names it, and what that lists.
package struct OCIImage: Hashable, Codable, Sendable {
  /// Bytes under the name of their digest.
  package struct Blob: Hashable, Codable, Sendable {
    /// SHA-256 in 64 hexadecimal digits.
    package var digest: String
    package var size: Int

    package init(digest: String, size: Int) {
      self.digest = digest
      self.size = size
    }
  }

  /// The media type of a manifest: image-spec of the OCI, media-types.
  package static let manifestType = "application/vnd.oci.image.manifest.v1+json"

  /// The layout or archive, as the description names it.
  package var path: String
  package var manifest: Blob
  /// Its configuration, and its layers from the lowest up.
  package var contents: [Blob]

  package init(path: String, manifest: Blob, contents: [Blob]) {
    self.path = path
    self.manifest = manifest
    self.contents = contents
  }

  /// One whose archive nobody has looked into. No digest is like its own, so nothing can be built from it.
  package init(unread path: String) {
    self.init(path: path, manifest: Blob(digest: "", size: 0), contents: [])
  }

  /// All that has to be there before it can be unpacked, each once.
  package var blobs: [Blob] {
    var seen: Set<String> = []
    return ([manifest] + contents).filter { seen.insert($0.digest).inserted }
  }

  /// `images/base.oci, sha256:0123456789ab`.
  package var words: String { "\(path), sha256:\(manifest.digest.prefix(12))" }
}

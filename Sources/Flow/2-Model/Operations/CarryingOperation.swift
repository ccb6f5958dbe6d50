// SPDX-License-Identifier: Apache-2.0

/// Files of the machine that runs `cluster`, for an operation that needs them on its host.
package struct CarriedBlobs: Hashable, Sendable {
  package var blobs: [OCIImage.Blob]
  /// The layout or archive that they are in, for people.
  package var origin: String
  /// The folder on the host, in which each has its digest for a name. Of plain characters: a remote shell reads it.
  package var folder: String
  /// Paths on the host: where one of them is there, what would be made from the blobs has been made.
  package var unless: [String]

  package init(_ blobs: [OCIImage.Blob], of origin: String, in folder: String, unless: [String]) {
    self.blobs = blobs
    self.origin = origin
    self.folder = folder
    self.unless = unless
  }
}

/// An operation that may need files of the machine that runs `cluster`. It names them by their digests: their bytes
/// travel before it, and are in no plan, journal or record.
package protocol CarryingOperation: HostOperation {
  /// The files. Nil: it needs none.
  var carried: CarriedBlobs? { get }
}

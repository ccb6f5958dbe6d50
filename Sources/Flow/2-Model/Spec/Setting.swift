// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// The value of a key that a wing has declared and reads. Only that wing knows its type.
package struct Setting: Sendable {
  package let value: any Hashable & Sendable
  package let source: SourceSpan

  package init(_ value: any Hashable & Sendable, source: SourceSpan) {
    self.value = value
    self.source = source
  }
}

extension Setting: Hashable {
  package static func == (a: Self, b: Self) -> Bool {
    AnyHashable(a.value) == AnyHashable(b.value) && a.source == b.source
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(AnyHashable(value))
    hasher.combine(source)
  }
}

/// The files beside the spec that it refers to, read before expansion so that expansion stays pure.
package struct SiteFiles: Hashable, Sendable {
  /// The sort of thing at a path, as git keeps it.
  package enum Kind: String, Hashable, Sendable { case file, program, link }

  package struct File: Hashable, Sendable {
    /// A link has the path that it leads to.
    package var contents: Content
    package var kind: Kind
    /// It is in the site's own repository. Sets of others come with the program, or from a commit that is named.
    package var isOfSite = true

    package var executable: Bool { kind == .program }

    package init(contents: Content, executable: Bool, isOfSite: Bool = true) {
      self.init(contents: contents, kind: executable ? .program : .file)
      self.isOfSite = isOfSite
    }

    package init(contents: Content, kind: Kind) {
      self.contents = contents
      self.kind = kind
    }
  }

  /// The files by their paths, relative to the spec's folder.
  package var files: [String: File]
  /// OCI images by the paths of their layouts or archives. Their bytes stay where they are: no record keeps them.
  package var oci: [String: OCIImage] = [:]

  package init(files: [String: File] = [:]) { self.files = files }

  /// The files of the site's own repository: a record keeps them, and a rollback puts them back.
  package var ofSite: [String: File] { files.filter(\.value.isOfSite) }

  /// The files below a folder, by path relative to it.
  package func below(_ folder: String) -> [String: File] {
    let prefix = folder.hasSuffix("/") ? folder : folder + "/"
    return Dictionary(
      uniqueKeysWithValues: files.lazy.filter { $0.key.hasPrefix(prefix) }.map {
        (String($0.key.dropFirst(prefix.count)), $0.value)
      })
  }
}

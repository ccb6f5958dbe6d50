// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// A further APT repository: `repositories: extra:`.
package struct ExtraRepository: Hashable, Sendable {
  package var uri: String
  package var suite: String
  package var components: [String]
  /// The file beside the description that its keys are in.
  package var keyFile: Located
  /// The images that have it. Nil: all.
  package var images: [String]?
  package var isOnHeads: Bool
  /// The keys. Nil until the files beside the description have been read.
  package var keys: OpenPGPKeys?
  package var source: SourceSpan

  package struct Located: Hashable, Sendable {
    package var path: String
    package var source: SourceSpan

    package init(path: String, source: SourceSpan) {
      self.path = path
      self.source = source
    }
  }

  package init(
    uri: String, suite: String, components: [String], keyFile: Located, images: [String]?, isOnHeads: Bool,
    source: SourceSpan
  ) {
    self.uri = uri
    self.suite = suite
    self.components = components
    self.keyFile = keyFile
    self.images = images
    self.isOnHeads = isOnHeads
    self.source = source
  }

  package var packageSource: PackageSource? {
    keys.map {
      PackageSource(
        uri: uri, suite: suite, components: components, fingerprints: $0.fingerprints, key: $0.armored)
    }
  }
}

/// A further repository as apt has to know it.
package struct PackageSource: Hashable, Codable, Sendable {
  package var uri: String
  package var suite: String
  /// Empty: it is flat, without `dists/`.
  package var components: [String]
  package var fingerprints: [String]
  /// Lines of an armored block.
  package var key: [String]

  package init(uri: String, suite: String, components: [String], fingerprints: [String], key: [String]) {
    self.uri = uri
    self.suite = suite
    self.components = components
    self.fingerprints = fingerprints
    self.key = key
  }

  /// `https://packages.example.org/cuda bookworm main, signed by 0123…`.
  package var words: String { "\(place), signed by \(fingerprints.joined(separator: ", "))" }
  package var place: String { ([uri, suite] + components).joined(separator: " ") }
  package var needsCertificates: Bool { uri.hasPrefix("https:") }

  /// The stanza of sources.list(5). The key is in it: it signs this repository and no other, and no file beside it can
  /// be missing or differ.
  private var stanza: [String] {
    ["# Signed by \(fingerprints.joined(separator: ", ")).", "Types: deb", "URIs: \(uri)", "Suites: \(suite)"]
      + (components.isEmpty ? [] : ["Components: \(components.joined(separator: " "))"]) + ["Signed-By:"]
      + key.map { $0.isEmpty ? " ." : " \($0)" }
  }

  /// A file for /etc/apt/sources.list.d.
  package static func file(_ sources: [PackageSource]) -> String {
    (["# Written by cluster; changes made here are undone."] + sources.flatMap { [""] + $0.stanza } + [""])
      .joined(separator: "\n")
  }
}

extension Repositories {
  /// Further repositories of heads.
  package var ofHeads: [PackageSource] { extra.filter(\.isOnHeads).compactMap(\.packageSource) }

  /// Further repositories of an image.
  package func of(image: String) -> [PackageSource] {
    extra.filter { $0.images?.contains(image) ?? true }.compactMap(\.packageSource)
  }
}

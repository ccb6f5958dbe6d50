// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// Images that begin with one of the OCI: containers have no kernel, and which one is meant nobody can guess.
enum ImageBaseChecks {
  static func run(_ context: CheckContext, _ problems: inout Problems) {
    for image in context.declaration.images {
      guard let value = image.value, let oci = value.oci, value.kernel == nil else { continue }
      problems.error(
        .missingKey, "`\(shown(image.name.value))` begins with an OCI image, which has no kernel to boot.",
        help: "Name the kernel's package, which is installed in it: `kernel: \(ImageSection.defaultKernel)`.",
        at: oci.span)
    }
  }
}

extension SpecReader {
  /// The paths of OCI images that client images begin with, each once.
  package static func bases(_ cluster: Cluster) -> [String] {
    var seen: Set<String> = []
    return cluster.images.compactMap(\.base?.path).filter { seen.insert($0).inserted }
  }

  /// Diagnostics for those that are not there, once for each image that begins with one.
  package static func missingBases(_ missing: [String], _ cluster: Cluster) -> [Diagnostic] {
    bases(cluster, among: missing).map { image, base in
      Diagnostic(
        .missingFile, "Image `\(image)` begins with `\(shown(base.path))`, which is not there.",
        help:
          "Paths begin at the folder of this file, or with a slash. `skopeo copy SOURCE oci-archive:FILE` makes one.",
        at: base.source)
    }
  }

  /// A diagnostic for each image that begins with an OCI image that cannot be used.
  package static func unusableBase(_ path: String, _ reason: String, help: String, _ cluster: Cluster) -> [Diagnostic] {
    bases(cluster, among: [path]).map { _, base in
      Diagnostic(.badOCI, "`\(shown(base.path))` \(reason)", help: help, at: base.source)
    }
  }

  private static func bases(_ cluster: Cluster, among paths: [String]) -> [(image: String, base: ClientImage.Base)] {
    cluster.images.compactMap { image in
      image.base.flatMap { paths.contains($0.path) ? (image.name, $0) : nil }
    }
  }
}

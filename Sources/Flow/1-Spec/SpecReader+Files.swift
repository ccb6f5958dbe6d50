// SPDX-License-Identifier: Apache-2.0
import SpecForms
import ClusterModel
import Diagnostics

extension SpecReader {
  /// The files and folders beside the description that have to be loaded with it, each once.
  package static func referencedPaths(_ cluster: Cluster) -> [String] {
    var seen: Set<String> = []
    return cluster.images.flatMap(paths).filter { seen.insert($0).inserted }
  }

  /// What to say about those of them that are not there, once for each image that uses them.
  package static func missingFiles(_ missing: [String], _ cluster: Cluster) -> [Diagnostic] {
    let missing = Set(missing)
    return cluster.images.flatMap { image in
      paths(image).filter(missing.contains).map { path in
        Diagnostic(
          .missingFile, "Image `\(image.name)` uses `\(shown(path))`, which is not there, or is empty.",
          help: "Paths begin at the folder of this file. Create it, or remove the key.",
          at: image.pathSources[path] ?? image.source)
      }
    }
  }

  private static func paths(_ image: ClientImage) -> [String] { (image.files.map { [$0] } ?? []) + image.run }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

extension SpecReader {
  /// The files and folders beside the description that have to be loaded with it, each once.
  package static func referencedPaths(_ cluster: Cluster) -> [String] {
    var seen: Set<String> = []
    let sets = cluster.setRequests.map { PackageSet.folder($0.name) }
    return (cluster.images.flatMap(paths) + cluster.tables + sets + cluster.repositories.extra.map(\.keyFile.path))
      .filter { seen.insert($0).inserted }
  }

  /// Diagnostics for those of them that are not there, once for each image that uses them.
  package static func missingFiles(_ missing: [String], _ files: SiteFiles, _ cluster: Cluster) -> [Diagnostic] {
    let missing = Set(missing)
    let sets = cluster.setRequests.filter {
      $0.origin == nil && files.files[PackageSet.folder($0.name) + "/set.yaml"] == nil
    }.map { set in
      Diagnostic(
        .missingFile,
        "There is no package set `\(set.name)`: it comes neither with the program nor in \(PackageSet.folder(set.name))/.",
        help: "`cluster package new \(set.name)` begins one. `cluster package list` shows those that there are.",
        at: set.source)
    }
    return sets
      + cluster.images.flatMap { image in
        paths(image).filter(missing.contains).map { path in
          Diagnostic(
            .missingFile, "Image `\(image.name)` uses `\(shown(path))`, which is not there, or is empty.",
            help: "Paths begin at the folder of this file. Create it, or remove the key.",
            at: image.pathSources[path] ?? image.source)
        }
      }
  }

  /// Diagnostics for paths that lead through a symbolic link.
  package static func linkedPaths(_ linked: [String], _ cluster: Cluster) -> [Diagnostic] {
    let linked = Set(linked)
    let sets = cluster.setRequests.filter { linked.contains(PackageSet.folder($0.name)) }.map { set in
      Diagnostic(
        .linkedPath, "`\(PackageSet.folder(set.name))` leads through a symbolic link.",
        help: "Where it leads may lie outside of this repository. Put the set here.", at: set.source)
    }
    return sets
      + cluster.images.flatMap { image in
        paths(image).filter(linked.contains).map { path in
          Diagnostic(
            .linkedPath, "`\(shown(path))` leads through a symbolic link.",
            help: "Where it leads may lie outside of this repository, and would be recorded and built in all the same. "
              + "Put the files here. Links below the folder are kept as links.",
            at: image.pathSources[path] ?? image.source)
        }
      }
  }

  /// Diagnostics for files of settings that lead through a symbolic link.
  package static func linkedSettingFiles(_ linked: [String], _ named: [Located<String>]) -> [Diagnostic] {
    let linked = Set(linked)
    return named.filter { linked.contains($0.value) }.map { path in
      Diagnostic(
        .linkedPath, "`\(shown(path.value))` leads through a symbolic link.",
        help: "Where it leads may lie outside of this repository. Put the file here.", at: path.span)
    }
  }

  /// Diagnostics for files and folders of images whose modes git does not keep, and for which nothing says so in the
  /// image.
  /// - Parameter modes: by path beside the description.
  package static func privateFiles(_ modes: [String: UInt16], _ cluster: Cluster) -> [Diagnostic] {
    setFiles(modes, cluster)
      + cluster.images.flatMap { image -> [Diagnostic] in
        guard let folder = image.files.map({ $0 + "/" }) else { return [] }
        let told = Set(image.permissions.map(\.path))
        return modes.keys.filter { $0.hasPrefix(folder) && !told.contains("/" + $0.dropFirst(folder.count)) }.sorted()
          .map {
            path in
            let mode = modes[path].map { "0" + String($0, radix: 8) } ?? ""
            let place = "/" + path.dropFirst(folder.count)
            let isPrivate = modes[path].map { $0 & 0o044 != 0o044 } ?? true
            return Diagnostic(
              .privateFile,
              "`\(shown(path))` has mode \(mode), which git does not keep: in the image "
                + (isPrivate ? "all could read it." : "it would not have it."),
              help:
                "Write `permissions: { \(place): \"root:root \(mode)\" }` in the image."
                + (isPrivate
                  ? " A secret does not belong there: every machine on the boot network can fetch the image." : ""),
              at: image.files.flatMap { image.pathSources[$0] } ?? image.source)
          }
      }
  }

  private static func setFiles(_ modes: [String: UInt16], _ cluster: Cluster) -> [Diagnostic] {
    cluster.setRequests.flatMap { set in
      modes.keys.filter { $0.hasPrefix(PackageSet.folder(set.name) + "/") }.sorted().map { path in
        Diagnostic(
          .privateFile,
          "`\(shown(path))` has mode 0\(String(modes[path] ?? 0, radix: 8)), which git does not keep: on machines it would "
            + "have another.",
          help:
            "Make it readable to all, and write other modes into `permissions:` of the set. A secret does not belong "
            + "into one.", at: set.source)
      }
    }
  }

  /// Diagnostics for secrets of images at whose path the image has a file of its own.
  package static func secretsInImages(_ files: Set<String>, _ cluster: Cluster) -> [Diagnostic] {
    cluster.images.flatMap { image -> [Diagnostic] in
      guard let folder = image.files else { return [] }
      return image.secrets.filter { files.contains(folder + $0.path) }.map { secret in
        Diagnostic(
          .secretPath, "`\(shown(secret.path))` is in the image already: `\(shown(folder + secret.path))`.",
          help:
            "Every machine on the boot network can fetch the image. Remove the file, and change what was in it if it "
            + "was a secret; or remove this entry.",
          at: image.pathSources[secret.path] ?? image.source)
      }
    }
  }

  private static func paths(_ image: ClientImage) -> [String] { (image.files.map { [$0] } ?? []) + image.run }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// Why something in a folder of an image would not be in the image: git does not keep it.
package enum LostFile: Sendable {
  /// Its name is not UTF-8, as those of old archives.
  case name
  /// A folder with nothing in it.
  case emptyFolder
  /// A socket, a pipe or a device.
  case special
}

extension SpecReader {
  /// Diagnostics for what is in the folder of an image on the disk, and would not be in the image.
  ///
  /// - Parameter lost: by path beside the description.
  package static func lostFiles(_ lost: [String: LostFile], _ cluster: Cluster) -> [Diagnostic] {
    cluster.images.flatMap { image -> [Diagnostic] in
      guard let folder = image.files.map({ $0 + "/" }) else { return [] }
      let place = image.files.flatMap { image.pathSources[$0] } ?? image.source
      return lost.filter { $0.key.hasPrefix(folder) }.sorted { $0.key < $1.key }.map { path, reason in
        let inImage = "/" + path.dropFirst(folder.count)
        return switch reason {
        case .name:
          Diagnostic(
            .lostFile, "The name of `\(shown(path))` is not UTF-8.",
            help: "Rename it, `convmv -f latin1 -t utf8 --notest`, or make it in a program of `run:`.", at: place)
        case .special:
          Diagnostic(
            .lostFile, "`\(shown(path))` is a socket, a pipe or a device, which git does not keep.",
            help: "Remove it. What makes it on a node, as a unit or tmpfiles.d(5), is a file.", at: place)
        case .emptyFolder:
          Diagnostic(
            .lostFile, severity: .warning, "`\(shown(path))` is an empty folder, which git does not keep.",
            help:
              "Images do not get it. A line of tmpfiles.d(5) makes it, `d \(shown(inImage)) 0755 root root`; or remove "
              + "it.", at: place)
        }
      }
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

extension SpecReader {
  /// The reason why a set of another repository cannot be read.
  /// - Parameter isHere: a folder of the same name is beside the description.
  /// - Parameter files: the number of files that its commit has of it. Nil: the commit is not on this machine.
  package static func problem(
    of set: SetRequest, _ origin: SetOrigin, isHere: Bool, files: Int?
  ) -> Diagnostic? {
    let commit = origin.commit.prefix(12)
    if isHere {
      return Diagnostic(
        .setOrigin, "The set `\(set.name)` is in \(PackageSet.folder(set.name)), and is to come from elsewhere too.",
        help: "Remove that folder, or `from:`.", at: origin.source)
    }
    guard let files else {
      return Diagnostic(
        .setOrigin, "Commit \(commit) of \(shown(origin.repository)) is not on this machine.",
        help: "Get it: `cluster package fetch`.", at: origin.source)
    }
    guard files == 0 else { return nil }
    return Diagnostic(
      .setOrigin, "Commit \(commit) of \(shown(origin.repository)) has no folder `\(shown(origin.path))`.",
      help: "Write the set's folder there as `path:`.", at: origin.source)
  }

  /// A copy of a repository that cannot be read.
  package static func unreadable(_ origin: SetOrigin, _ cause: String) -> Diagnostic {
    Diagnostic(
      .setOrigin, "The copy of \(shown(origin.repository)) cannot be read: \(cause).",
      help: "Get it anew: `cluster package fetch`.", at: origin.source)
  }
}

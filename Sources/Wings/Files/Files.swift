// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Files, folders, links and secrets on a head. Wants nothing itself: other wings do.
package enum Files: Wing {
  package static let name = "files"
  package static let kinds: [AnyKind] = [
    AnyKind(FileKind.self), AnyKind(SecretFileKind.self), AnyKind(SymbolicLinkKind.self), AnyKind(TreeKind.self),
  ]
  package static let probes: [any Probe.Type] = [FileProbe.self, SecretFileProbe.self, TreeProbe.self]
  package static let operations: [any HostOperation.Type] = [
    EnsureFile.self, EnsureSecretFile.self, EnsureSymbolicLink.self, EnsureFileAbsent.self,
    EnsureTree.self, EnsureTreeAbsent.self,
  ]

  package static func resources(
    _ cluster: Cluster, _ files: SiteFiles, _ published: Publications
  ) -> [Resource] { [] }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Every resource kind. A new one is a folder beside this file and one line here.
package enum KindCatalog {
  package static let all: [String: AnyKind] = Dictionary(
    uniqueKeysWithValues: [
      AnyKind(FencingProofKind.self),
      AnyKind(FileKind.self),
      AnyKind(HeadCloneKind.self),
      AnyKind(HighAvailabilityBootstrapKind.self),
      AnyKind(HostnameKind.self),
      AnyKind(ImageKind.self),
      AnyKind(LinkKind.self),
      AnyKind(NodesKind.self),
      AnyKind(PacemakerConfigurationKind.self),
      AnyKind(PackagesKind.self),
      AnyKind(SecretFileKind.self),
      AnyKind(SymbolicLinkKind.self),
      AnyKind(TreeKind.self),
      AnyKind(UnitKind.self),
    ].map { ($0.name, $0) })
}

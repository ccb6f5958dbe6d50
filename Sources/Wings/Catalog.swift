// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Every wing. A new one is a folder beside this file and one line here.
package enum WingCatalog {
  package static let all: [any Wing.Type] = [
    Files.self,
    Units.self,
    Packages.self,
    Links.self,
    Heads.self,
    TimeZone.self,
    Netboot.self,
    Images.self,
    HeadClones.self,
    Nodes.self,
    HighAvailability.self,
  ]
}

/// The kinds of resource of all wings, by name.
package enum KindCatalog {
  package static let all: [String: AnyKind] = Dictionary(
    uniqueKeysWithValues: WingCatalog.all.flatMap { $0.kinds }.map { ($0.name, $0) })
}

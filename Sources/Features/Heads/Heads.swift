// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// What every head is, before it serves anything: its name, links, names of the others, packages.
package enum Heads: Feature {
  package static let name = "heads"

  package static func resources(_ cluster: Cluster, _ files: SiteFiles) -> [Resource] { [] }
}

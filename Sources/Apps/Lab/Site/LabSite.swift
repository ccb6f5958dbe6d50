// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// A lab: what one machine needs to stand in for the described cluster.
///
/// It is derived from the `Cluster` alone and written to `lab.json` in the lab's state folder before anything is made,
/// so that `down` knows what may exist. Every name that the system sees is derived from `id`.
package struct LabSite: Hashable, Codable, Sendable {
  /// Short, random, unique per `up`: two labs can run side by side.
  package var id: String
  package var cluster: String
  /// The `cluster.yaml` that it was made from.
  package var spec: String
  package var stateDirectory: String
  /// Kept when the lab goes down: base roots, images and packages, by content.
  package var cacheDirectory: String
  /// The copy of `cluster` that runs machines and power switches, so that a rebuild does not disturb a running lab.
  package var program: String
  /// Debian's mirror, for the heads and for what the lab itself fetches.
  package var mirror: String
  /// Resolvers that a plain head is installed with.
  package var resolvers: [IPv4Address]
  /// The account that `ssh` logs in to.
  package var user: String
  package var networks: [LabNetwork]
  package var machines: [LabMachine]

  package init(
    id: String, cluster: String, spec: String, stateDirectory: String, cacheDirectory: String, program: String,
    mirror: String, resolvers: [IPv4Address], user: String, networks: [LabNetwork], machines: [LabMachine]
  ) {
    self.id = id
    self.cluster = cluster
    self.spec = spec
    self.stateDirectory = stateDirectory
    self.cacheDirectory = cacheDirectory
    self.program = program
    self.mirror = mirror
    self.resolvers = resolvers
    self.user = user
    self.networks = networks
    self.machines = machines
  }

  package func machine(_ name: HostID) -> LabMachine? { machines.first { $0.name == name } }
  package func network(_ name: String) -> LabNetwork? { networks.first { $0.name == name } }
}

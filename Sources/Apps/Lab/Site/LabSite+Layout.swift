// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Where a lab's things are, and what they are called. All of it follows from the id.
extension LabSite {
  package static let stateRoot = "/var/lib/cluster-lab"
  package static let cacheRoot = "/var/cache/cluster-lab"

  /// The network namespace with the bridges, the gateway and the BMCs.
  package var namespace: String { "cl-\(id)" }
  package var namespacePath: String { "/run/netns/\(namespace)" }
  /// The namespace that a machine's NICs are in while its firmware runs.
  package func namespace(of machine: LabMachine) -> String { "cl-\(id)-\(machine.name)" }
  package var controlGroup: String { "cluster-lab-\(id)" }
  package var daemonsGroup: String { "\(controlGroup)/daemons" }
  package func controlGroup(of machine: LabMachine) -> String { "\(controlGroup)/machines/\(machine.name)" }

  package var manifest: String { "\(stateDirectory)/lab.json" }
  /// For `ssh -F`.
  package var sshConfig: String { "\(stateDirectory)/ssh/config" }
  package var knownHosts: String { "\(stateDirectory)/ssh/known_hosts" }
  package var identity: String { "\(stateDirectory)/ssh/id_ed25519" }
  /// One file per secret, by its name in the spec: `bmc/head1`.
  package var secretsDirectory: String { "\(stateDirectory)/secrets" }

  package func directory(of machine: LabMachine) -> String { "\(stateDirectory)/machines/\(machine.name)" }
  package func console(of machine: LabMachine) -> String { "\(directory(of: machine))/console.log" }
  package func diskFile(of machine: LabMachine) -> String { "\(directory(of: machine))/disk.img" }
}

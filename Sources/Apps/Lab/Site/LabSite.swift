// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

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
  /// Plain heads have what Debian cannot do without, and networkd, in place of all that its installer leaves.
  var isMinimal: Bool?
  /// Packages that plain heads have from the beginning, besides those of Debian's installer.
  var preinstalled: [String]?
  /// Folders that the site itself is said to have mounted on all heads, by their paths there: they are one.
  package var shared: [String]
  /// The folder of services' state that its heads have on the stand-in for DRBD. Nil: on something else, or none.
  package var standIn: String?
  /// Resolvers that a plain head is installed with.
  package var resolvers: [IPAddress]
  /// The account that `ssh` logs in to.
  package var user: String
  package var networks: [LabNetwork]
  package var machines: [LabMachine]

  package init(
    id: String, cluster: String, spec: String, stateDirectory: String, cacheDirectory: String, program: String,
    mirror: String, shared: [String] = [], resolvers: [IPAddress], user: String, networks: [LabNetwork],
    machines: [LabMachine]
  ) {
    self.id = id
    self.cluster = cluster
    self.spec = spec
    self.stateDirectory = stateDirectory
    self.cacheDirectory = cacheDirectory
    self.program = program
    self.mirror = mirror
    self.shared = shared
    self.resolvers = resolvers
    self.user = user
    self.networks = networks
    self.machines = machines
  }

  package func machine(_ name: HostID) -> LabMachine? { machines.first { $0.name == name } }
  package func network(_ name: String) -> LabNetwork? { networks.first { $0.name == name } }
}

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

  /// The lab's folder behind a shared one.
  package func folder(ofShared path: String) -> String {
    "\(stateDirectory)/shared/\(SHA256.hex(path).prefix(12))"
  }
  package func directory(of machine: LabMachine) -> String { "\(stateDirectory)/machines/\(machine.name)" }
  package func console(of machine: LabMachine) -> String { "\(directory(of: machine))/console.log" }
  /// The disks of a machine that is installed over the network, by the names that the kernel gives them there.
  package func disks(of machine: LabMachine) -> [(name: String, file: String)] {
    [("/dev/nvme0n1", diskFile(of: machine)), ("/dev/sda", dataFile(of: machine))]
  }
  /// A disk with a file system that is somebody's.
  package func dataFile(of machine: LabMachine) -> String { "\(directory(of: machine))/data.img" }
  package func diskFile(of machine: LabMachine) -> String { "\(directory(of: machine))/disk.img" }
  /// The disk below DRBD.
  package func stateDiskFile(of machine: LabMachine) -> String { "\(directory(of: machine))/state.img" }
}

/// A folder's note of its lab, beside `cluster.yaml`.
struct LabPointer: Codable {
  var id: String
  var state: String

  static func path(beside spec: String) -> String {
    URL(fileURLWithPath: spec).deletingLastPathComponent().appendingPathComponent(".cluster/lab.json").path
  }
}

extension LabSite {
  /// The lab that was brought up from this `cluster.yaml`. Nil: there is none.
  package static func load(beside spec: String) throws(AgentError) -> LabSite? {
    guard let pointer = try pointer(beside: spec) else { return nil }
    return try load(stateDirectory: pointer.state)
  }

  /// The lab, or nil where no lab's state is there.
  package static func load(stateDirectory: String) throws(AgentError) -> LabSite? {
    let path = "\(stateDirectory)/lab.json"
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    return try LabFiles.attempt("The lab's description \(path) could not be read") {
      try JSONDecoder().decode(LabSite.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    }
  }

  static func pointer(beside spec: String) throws(AgentError) -> LabPointer? {
    let path = LabPointer.path(beside: spec)
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    return try LabFiles.attempt("\(path) could not be read") {
      try JSONDecoder().decode(LabPointer.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    }
  }

  /// The pointer comes first: whatever is made later, `down` finds it.
  func save() throws(AgentError) {
    try LabFiles.writeJSON(LabPointer(id: id, state: stateDirectory), to: LabPointer.path(beside: spec))
    try LabFiles.makeDirectory(stateDirectory, mode: 0o755)
    try LabFiles.writeJSON(self, to: manifest)
  }

  /// Removes the pointer, and what an `up` that was killed had begun to write in its place.
  static func forget(beside spec: String) throws(AgentError) {
    let pointer = LabPointer.path(beside: spec)
    try LabFiles.remove(pointer)
    try LabFiles.removeTemporaries(of: pointer)
    let folder = (pointer as NSString).deletingLastPathComponent
    // Other things of ours may live there; rmdir(2) leaves them alone.
    rmdir(folder)
  }
}
